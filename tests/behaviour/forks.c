/* Children of a process that has a connection. */
#include "cases.h"

#include <sys/wait.h>

static int in_child(int (*code)(void))
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		alarm(20);
		_exit(code());
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static int child_exits(void)
{
	exit(0);
}

static int child_finalizes(void)
{
	return votequorum_finalize(shared);
}

static int child_asks(void)
{
	unsigned node;

	return info_of(shared, 0, &node);
}

static int child_dispatches(void)
{
	return votequorum_dispatch(shared, CS_DISPATCH_ONE_NONBLOCKING);
}

static int child_opens_its_own(void)
{
	return usable(opened());
}

static int grandchild(void)
{
	return in_child(child_asks);
}

static void fork_exit(void)
{
	shared = opened();
	printf("child %d", in_child(child_exits));
	printf(" usable %d\n", usable(shared));
}

static void fork_finalize(void)
{
	shared = opened();
	printf("child %d", in_child(child_finalizes));
	printf(" usable %d\n", usable(shared));
}

static void fork_call(void)
{
	shared = opened();
	printf("getinfo %d", in_child(child_asks));
	printf(" dispatch %d", in_child(child_dispatches));
	printf(" grandchild %d", in_child(grandchild));
	printf(" usable %d\n", usable(shared));
}

static void fork_own(void)
{
	shared = opened();
	printf("child usable %d", in_child(child_opens_its_own));
	printf(" usable %d\n", usable(shared));
}

static volatile int stop_asking;

static void *ask_on(void *argument)
{
	unsigned node;

	(void)argument;
	while (!stop_asking) {
		votequorum_handle_t handle = opened();

		info_of(handle, 0, &node);
		info_of(shared, 0, &node);
		votequorum_finalize(handle);
	}
	return NULL;
}

/* A child must never wait for a lock that a thread of its parent held. */
/* A connection of its own, used by three threads: the child has inherited what its parent's
 * threads were doing, but not the threads. */
static void *child_thread(void *argument)
{
	unsigned node;

	for (int i = 0; i < 200; i++) {
		if (info_of(*(votequorum_handle_t *)argument, 0, &node) != CS_OK || node != 1) {
			return argument;
		}
	}
	return NULL;
}

static int child_threads(void)
{
	votequorum_handle_t handle = opened();
	pthread_t threads[3];
	void *failed;
	int right = 1;

	for (int i = 0; i < 3; i++) {
		pthread_create(&threads[i], NULL, child_thread, &handle);
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], &failed);
		right &= failed == NULL;
	}
	return right;
}

static void *contend(void *argument)
{
	unsigned node;

	(void)argument;
	while (!stop_asking) {
		info_of(shared, 0, &node);
	}
	return NULL;
}

static void fork_with_threads(void)
{
	pthread_t threads[4];
	int right = 0;

	shared = opened();
	for (int i = 0; i < 4; i++) {
		pthread_create(&threads[i], NULL, contend, NULL);
	}
	for (int i = 0; i < 150; i++) {
		right += in_child(child_threads) == 1;
	}
	stop_asking = 1;
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
	}
	printf("%d of 150 children right\n", right);
}

static void fork_among_threads(void)
{
	pthread_t threads[3];
	int right = 0;

	shared = opened();
	for (int i = 0; i < 3; i++) {
		pthread_create(&threads[i], NULL, ask_on, NULL);
	}
	for (int i = 0; i < 200; i++) {
		int result = in_child(i % 2 ? child_asks : child_finalizes);

		/* Another thread may have been changing the table: then there is no finalizing. */
		right += result == 9 || (i % 2 == 0 && result == 1);
	}
	stop_asking = 1;
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
	}
	printf("%d of 200 children right, usable %d\n", right, usable(shared));
}

static int in_child_now;

static void on_quorum_after(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
			    uint32_t entries, votequorum_node_t list[])
{
	(void)handle, (void)context, (void)quorate, (void)entries, (void)list;
	printf("quorum, ");
}

static void forking(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t ring,
		    uint32_t entries, uint32_t list[])
{
	int status;
	pid_t child;

	(void)handle, (void)context, (void)ring, (void)entries, (void)list;
	fflush(NULL);
	child = fork();
	if (child == 0) {
		in_child_now = 1; /* and on into the library */
		return;
	}
	waitpid(child, &status, 0);
	printf("child's dispatch %d, ", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void fork_in_callback(void)
{
	votequorum_callbacks_t callbacks = {on_quorum_after, NULL, forking};
	votequorum_handle_t handle;
	cs_error_t result;

	votequorum_initialize(&handle, &callbacks);
	votequorum_trackstart(handle, 0, CS_TRACK_CURRENT);
	result = votequorum_dispatch(handle, CS_DISPATCH_ALL);
	if (in_child_now) {
		_exit(result);
	}
	printf("dispatch %d usable %d\n", result, usable(handle));
}

static votequorum_handle_t inherited;

/* In the child: a call with what it has inherited, and one of its own. */
static int child_tries(void)
{
	votequorum_handle_t own;
	unsigned node;
	cs_error_t asked = info_of(inherited, 0, &node), made;

	made = votequorum_initialize(&own, &all_callbacks);
	if (made == CS_OK) {
		made = info_of(own, 0, &node);
		votequorum_finalize(own);
	}
	return (int)asked * 10 + (int)made;
}

static void in_state(const char *name, votequorum_handle_t handle)
{
	unsigned node;
	int results;

	inherited = handle;
	results = in_child(child_tries);
	printf("%s: child %d %d,", name, results / 10, results % 10);
	printf(" parent %d\n", info_of(handle, 0, &node));
}

/* States of the connection at the moment of the fork. */
static void fork_in_every_state(void)
{
	pthread_t thread;
	void *result;

	in_state("before all", 0);
	shared = opened();
	in_state("opened", shared);
	votequorum_trackstart(shared, 7, CS_TRACK_CHANGES);
	in_state("events queued", shared);
	votequorum_dispatch(shared, CS_DISPATCH_ALL);
	in_state("dispatched", shared);
	pthread_create(&thread, NULL, dispatch_blocking, NULL);
	wait_asleep();
	in_state("another thread waits", shared);
	tell("kill");
	pthread_join(thread, &result);
	in_state("the daemon is gone", shared);
	votequorum_finalize(shared);
	in_state("finalized", shared);
}

const struct one_case fork_cases[] = {
	CASE(fork_exit),
	CASE(fork_finalize),
	CASE(fork_call),
	CASE(fork_own),
	CASE(fork_in_every_state),
	CASE(fork_among_threads),
	CASE(fork_with_threads),
	CASE(fork_in_callback),
	END,
};
