/* Several threads, and small ones. */
#include "cases.h"

#include <sys/mman.h>

static volatile int wrong;

static void *ask(void *argument)
{
	unsigned node = *(unsigned *)argument;

	for (int i = 0; i < 20000; i++) {
		unsigned answered;
		cs_error_t result = info_of(shared, node, &answered);

		if (node == 0 ? result != CS_OK || answered != 1 : result != CS_ERR_NOT_EXIST) {
			__sync_fetch_and_add(&wrong, 1);
		}
	}
	return NULL;
}

static void two_threads(void)
{
	pthread_t threads[2];
	unsigned nodes[2] = {0, 99};

	shared = opened();
	for (int i = 0; i < 2; i++) {
		pthread_create(&threads[i], NULL, ask, &nodes[i]);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
	}
	fprintf(stderr, "wrong answers: %d of 40000\n", wrong);
	printf("%s\n", wrong ? "wrong answers" : "right answers");
}

static void finalize_wakes(void)
{
	pthread_t thread;
	void *result;

	shared = opened();
	pthread_create(&thread, NULL, dispatch_blocking, NULL);
	wait_asleep();
	printf("finalize %d", votequorum_finalize(shared));
	fflush(stdout);
	pthread_join(thread, &result);
	printf(" dispatch %d\n", (int)(intptr_t)result);
}

static void *with_small_stack(void *argument)
{
	votequorum_handle_t handle = opened();
	unsigned node;
	char name[8] = "device";
	votequorum_ring_id_t ring = {1, 1};

	(void)argument;
	printf("%d", votequorum_trackstart(handle, 0, CS_TRACK_CURRENT));
	printf(" %d", info_of(handle, 0, &node));
	printf(" %d", votequorum_qdevice_update(handle, name, name));
	printf(" %d", votequorum_qdevice_poll(handle, name, 1, ring));
	printf(" %d", votequorum_finalize(handle));
	handle = opened();
	votequorum_trackstart(handle, 0, CS_TRACK_CURRENT);
	printf("\n");
	printf("%d\n", votequorum_dispatch(handle, CS_DISPATCH_ALL));
	return NULL;
}

static void small_stack(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 * 1024);
	/* Whoever needs more than the stack shall hit the guard, and nobody's memory. */
	pthread_attr_setguardsize(&attributes, 4 * 1024 * 1024);
	pthread_create(&thread, &attributes, with_small_stack, NULL);
	pthread_join(thread, NULL);
}

#define STACK (256 * 1024)
#define GUARD (4 * 1024 * 1024)

/* Says nothing: printf() would need more stack than the library. */
static void *call_everything(void *argument)
{
	votequorum_ring_id_t ring = {1, 1};
	votequorum_handle_t handle;
	struct votequorum_info info;
	static void *context;
	static int fd;

	(void)argument;
	votequorum_initialize(&handle, NULL);
	votequorum_fd_get(handle, &fd);
	votequorum_context_get(handle, &context);
	votequorum_getinfo(handle, 0, &info);
	votequorum_setvotes(handle, 99, 1);
	votequorum_trackstart(handle, 0, CS_TRACK_CURRENT);
	votequorum_dispatch(handle, CS_DISPATCH_ALL);
	votequorum_qdevice_update(handle, "device", "other");
	votequorum_qdevice_poll(handle, "device", 1, ring);
	votequorum_finalize(handle);
	return NULL;
}

static size_t stack_used(void *(*code)(void *))
{
	char *memory = mmap(NULL, GUARD + STACK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *stack = memory + GUARD;
	pthread_attr_t attributes;
	pthread_t thread;
	size_t untouched = 0;

	mprotect(stack, STACK, PROT_READ | PROT_WRITE);
	memset(stack, 0x5a, STACK);
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stack, STACK);
	pthread_create(&thread, &attributes, code, NULL);
	pthread_join(thread, NULL);
	while (untouched < STACK && stack[untouched] == 0x5a) {
		untouched++;
	}
	munmap(memory, GUARD + STACK);
	return STACK - untouched;
}

static void *do_nothing(void *argument)
{
	return argument;
}

static void stack_use(void)
{
	/* A thread needs some for itself. */
	size_t own = stack_used(do_nothing);
	size_t used = stack_used(call_everything) - own;

	fprintf(stderr, "stack: %zu bytes\n", used);
	printf("%s\n", used <= 16 * 1024 ? "16 KiB or less" : "more than 16 KiB");
}

const struct one_case thread_cases[] = {
	CASE(two_threads),
	CASE(finalize_wakes),
	CASE(small_stack),
	CASE(stack_use),
	END,
};
