/* What the cases share. Each file has those of one kind, and a table of them. */
#ifndef QUORATE_TESTS_CASES_H
#define QUORATE_TESTS_CASES_H

#include "../c/common.h"

#include <pthread.h>

struct one_case {
	const char *name;
	void (*run)(void);
};

#define CASE(name) {#name, name}
#define END {NULL, NULL}

extern const struct one_case argument_cases[], thread_cases[], callback_cases[], fork_cases[],
	system_cases[], daemon_cases[];

UNUSED static votequorum_handle_t opened(void)
{
	votequorum_handle_t handle;
	cs_error_t result = votequorum_initialize(&handle, &all_callbacks);

	if (result != CS_OK) {
		printf("initialize %d\n", result);
		exit(1);
	}
	return handle;
}

UNUSED static cs_error_t info_of(votequorum_handle_t handle, unsigned node, unsigned *answered)
{
	struct votequorum_info info;
	cs_error_t result;

	memset(&info, 0, sizeof(info));
	result = votequorum_getinfo(handle, node, &info);
	*answered = info.node_id;
	return result;
}

UNUSED static int usable(votequorum_handle_t handle)
{
	unsigned node;

	return info_of(handle, 0, &node) == CS_OK && node == 1;
}

/* Has the harness do something to the daemon. */
UNUSED static void tell(const char *text)
{
	char line[16];

	printf("%s\n", text);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL) {
		exit(2);
	}
}

UNUSED static votequorum_handle_t shared;

UNUSED static volatile int entered;

UNUSED static void *dispatch_blocking(void *argument)
{
	(void)argument;
	entered = gettid();
	return (void *)(intptr_t)votequorum_dispatch(shared, CS_DISPATCH_BLOCKING);
}

/* Until the thread that has set `entered` sleeps in the kernel. */
UNUSED static void wait_asleep(void)
{
	struct timespec tick = {0, 1000000};
	char path[64], state = 0;

	while (state != 'S') {
		nanosleep(&tick, NULL);
		if (entered == 0) {
			continue;
		}
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", entered);
		FILE *file = fopen(path, "r");
		if (file == NULL || fscanf(file, "%*d (%*[^)]) %c", &state) != 1) {
			state = 0;
		}
		if (file != NULL) {
			fclose(file);
		}
	}
}

#endif
