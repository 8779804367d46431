/*
 * What the programs about threads, forks and dispatching share.
 */
#ifndef QUORATE_TESTS_NCS_COMMON_H
#define QUORATE_TESTS_NCS_COMMON_H

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ncssdk.h>

/* One call after the other, which C does not promise for arguments. */
#define SAY(call) printf(" %u", (call))

/* Seconds after which a program that hangs is ended; a forked child sets it anew. */
#define LIMIT 60

#define UNUSED __attribute__((unused))

UNUSED static const char key[] = "key";
static NCS_HANDLE first, second;
static sem_t begun;
static atomic_int tid;
/* What the started thread's call returned; printed once it has ended. */
UNUSED static NCS_RETURN answer;

UNUSED static void ignore(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members, UINT32 FailedMask,
			  UINT32 MasterMask)
{
	(void)Handle, (void)GroupEpoch, (void)Members, (void)FailedMask, (void)MasterMask;
}

UNUSED static NCS_HANDLE registered(NCS_EPOCH_CHANGE_CALLBACK *callback)
{
	NCS_HANDLE handle = 0;
	NCS_RETURN result = NCS_Register("threads", callback, &handle);

	if (result != NCS_SUCCESS) {
		printf("not registered: %u\n", result);
		exit(1);
	}
	return handle;
}

UNUSED static pthread_t started(void *(*code)(void *), void *argument)
{
	pthread_t thread;

	atomic_store(&tid, 0);
	if (pthread_create(&thread, NULL, code, argument) != 0) {
		exit(1);
	}
	return thread;
}

/* Until the started thread, which does nothing else any more, sleeps in the library. */
UNUSED static void wait_until_it_sleeps(void)
{
	char path[64];
	char state = 0;

	while (atomic_load(&tid) == 0) {
		sched_yield();
	}
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", atomic_load(&tid));
	while (state != 'S') {
		FILE *file = fopen(path, "r");

		if (file == NULL || fscanf(file, "%*d (%*[^)]) %c", &state) != 1) {
			exit(1);
		}
		fclose(file);
	}
}

UNUSED static void announce_myself(void)
{
	atomic_store(&tid, (int)syscall(SYS_gettid));
}

UNUSED static void order(const char *what)
{
	char line[16];

	printf("%s\n", what);
	if (fgets(line, sizeof(line), stdin) == NULL) {
		exit(1);
	}
}

struct test_case {
	const char *name;
	void (*run)(void);
};

static int run_case(const struct test_case *cases, int count, char *arguments[])
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(LIMIT);
	sem_init(&begun, 0, 0);
	for (; count == 2 && cases->name != NULL; cases++) {
		if (strcmp(cases->name, arguments[1]) == 0) {
			cases->run();
			return 0;
		}
	}
	return 2;
}

#endif
