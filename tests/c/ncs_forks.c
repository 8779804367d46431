/*
 * What a program may do to libncssdk with forks, and with callbacks that it runs itself. Prints a
 * line for each step; asks the harness for what it wants done to the daemon.
 * Usage: ncs_forks CASE
 */
#include "ncs_common.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

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

/* What two processes tell each other. */
struct meeting {
	atomic_int registered, has_lock, was_refused;
};

static void until(atomic_int *count, int value)
{
	while (atomic_load(count) < value) {
		usleep(1000);
	}
}

/* One of two programs, each of which is process 1 of its container; how much went wrong. */
static int contained(struct meeting *meeting, int which)
{
	int wrong = getpid() != 1;
	UINT32 holder = 0;

	if (which == 2) {
		until(&meeting->registered, 1);
	}
	first = registered(ignore);
	atomic_fetch_add(&meeting->registered, 1);
	until(&meeting->registered, 2);
	if (which == 1) {
		wrong += NCS_Lock(first, key, 3) != NCS_SUCCESS;
		atomic_store(&meeting->has_lock, 1);
		until(&meeting->was_refused, 1);
	} else {
		until(&meeting->has_lock, 1);
		wrong += NCS_TryLock(first, key, 3, &holder) != NCS_TRYLOCK_HELD || holder != 1;
		atomic_store(&meeting->was_refused, 1);
		wrong += NCS_Lock(first, key, 3) != NCS_SUCCESS;
	}
	wrong += NCS_UnLock(first, key, 3) != NCS_SUCCESS;
	return wrong + (NCS_Deregister(first) != NCS_SUCCESS);
}

/* What a child exits with. */
static int outcome(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void containers(void)
{
	struct meeting *meeting = mmap(NULL, sizeof(*meeting), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t outside[2], inside;

	for (int which = 1; which <= 2; which++) {
		outside[which - 1] = fork();
		if (outside[which - 1] == 0) {
			alarm(LIMIT);
			if (unshare(CLONE_NEWPID) != 0 || (inside = fork()) < 0) {
				exit(100);
			}
			if (inside == 0) {
				/* Process 1 of a container does not die of its alarm. */
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				exit(contained(meeting, which));
			}
			exit(outcome(inside));
		}
	}
	printf("wrong %d", outcome(outside[0]));
	printf(" %d\n", outcome(outside[1]));
}

int main(int count, char *arguments[])
{
	static const struct test_case cases[] = {
		{ "forked_child", forked_child },
		{ "fork_in_callback", fork_in_callback },
		{ "deregister_ends_dispatch", deregister_ends_dispatch },
		{ "dispatching", dispatching },
		{ "containers", containers },
		{ NULL, NULL },
	};

	return run_case(cases, count, arguments);
}
