/*
 * What a program may do to libncssdk with forks, and with callbacks that it runs itself. Prints a
 * line for each step; asks the harness for what it wants done to the daemon.
 * Usage: ncs_forks CASE
 */
#include "ncs_common.h"

static void report_child(pid_t child)
{
	UINT32 epoch;
	int status = -1;

	waitpid(child, &status, 0);
	printf("child %d", status);
	printf(" parent %u", NCS_Query_Epoch(first, &epoch, &epoch));
	SAY(NCS_Lock(first, key, 3));
	printf(" %u\n", NCS_UnLock(first, key, 3));
}

static void forked_child(void)
{
	UINT32 epoch;
	pid_t child;

	first = registered(ignore);
	child = fork();
	if (child == 0) {
		alarm(LIMIT);
		printf("inherited %u", NCS_Query_Epoch(first, &epoch, &epoch));
		SAY(NCS_Lock(first, key, 3));
		SAY(NCS_Rebuild_Database(first));
		printf(" %u\n", NCS_Deregister(first));
		second = registered(ignore);
		printf("own %u", NCS_Lock(second, key, 3));
		SAY(NCS_UnLock(second, key, 3));
		printf(" %u\n", NCS_Deregister(second));
		exit(0);
	}
	report_child(child);
	printf("deregister %u\n", NCS_Deregister(first));
}

static atomic_int forked;

static void fork_here(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members, UINT32 FailedMask,
		      UINT32 MasterMask)
{
	(void)Handle, (void)GroupEpoch, (void)Members, (void)FailedMask, (void)MasterMask;
	forked = fork();
	if (forked == 0) {
		alarm(LIMIT);
		printf("child %u\n", NCS_Deregister(Handle));
		return;
	}
	sem_post(&begun);
}

/* The child is the library's thread, and has nothing to go back to. */
static void fork_in_callback(void)
{
	first = registered(fork_here);
	sem_wait(&begun);
	report_child(forked);
	printf("deregister %u\n", NCS_Deregister(first));
}

static void *dispatch_first(void *unused)
{
	announce_myself();
	answer = ncs_dispatch(first, NCS_DISPATCH_BLOCKING);
	return unused;
}

static void *dispatch_one(void *unused)
{
	announce_myself();
	answer = ncs_dispatch(first, NCS_DISPATCH_ONE);
	return unused;
}

static void deregister_ends_dispatch(void)
{
	void *(*const ways[])(void *) = { dispatch_first, dispatch_one };

	for (int i = 0; i < 2; i++) {
		struct pollfd ready = { .events = POLLIN };
		pthread_t thread;

		first = registered(ignore);
		printf("fd %u\n", ncs_fd_get(first, &ready.fd));
		ncs_dispatch(first, NCS_DISPATCH_ALL);
		thread = started(ways[i], NULL);
		wait_until_it_sleeps();
		printf("deregister %u\n", NCS_Deregister(first));
		pthread_join(thread, NULL);
		printf("dispatch %u\n", answer);
	}
}

static pthread_t callback_thread;
static int callbacks;

static void note_thread(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members, UINT32 FailedMask,
			UINT32 MasterMask)
{
	(void)Handle, (void)GroupEpoch, (void)Members, (void)FailedMask, (void)MasterMask;
	callback_thread = pthread_self();
	callbacks++;
}

/* All callbacks come from the thread that dispatches, from the first one to the last. */
static void dispatching(void)
{
	struct pollfd ready = { .events = POLLIN };
	int again = -1;

	printf("fd %u", ncs_fd_get(0, &ready.fd));
	printf(" same %u", ncs_fd_get(0, &again));
	printf(" %d\n", ready.fd == again);
	printf("nothing due %d", poll(&ready, 1, 0));
	SAY(ncs_dispatch(0, NCS_DISPATCH_ALL));
	printf(" %d\n", callbacks);
	first = registered(note_thread);
	second = registered(note_thread);
	printf("due %d", poll(&ready, 1, -1));
	printf(" one %u", ncs_dispatch(second, NCS_DISPATCH_ONE));
	printf(" still due %d", poll(&ready, 1, 0));
	printf(" other %u", ncs_dispatch(0, NCS_DISPATCH_ONE));
	printf(" nothing due %d callbacks %d mine %d\n", poll(&ready, 1, 0), callbacks,
	       pthread_equal(callback_thread, pthread_self()) != 0);
	order("kill");
	printf("due %d", poll(&ready, 1, -1));
	while (callbacks < 4 && poll(&ready, 1, -1) == 1) {
		ncs_dispatch(0, NCS_DISPATCH_ONE);
	}
	printf(" callbacks %d\n", callbacks);
	printf("deregister %u", NCS_Deregister(first));
	printf(" %u\n", NCS_Deregister(second));
}

int main(int count, char *arguments[])
{
	static const struct test_case cases[] = {
		{ "forked_child", forked_child },
		{ "fork_in_callback", fork_in_callback },
		{ "deregister_ends_dispatch", deregister_ends_dispatch },
		{ "dispatching", dispatching },
		{ NULL, NULL },
	};

	return run_case(cases, count, arguments);
}
