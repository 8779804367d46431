/*
 * What a program may do to libncssdk with threads, and when the daemon dies. Prints a line for
 * each step; asks the harness for what it wants done to the daemon.
 * Usage: ncs_threads CASE
 */
#include "ncs_common.h"

static sem_t go_on;
static atomic_int ended;

/* Begins, stays until it is told to go on, and ends. */
static void stay(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members, UINT32 FailedMask,
		 UINT32 MasterMask)
{
	(void)Handle, (void)GroupEpoch, (void)Members, (void)FailedMask, (void)MasterMask;
	sem_post(&begun);
	sem_wait(&go_on);
	ended++;
}

static void *deregister_first(void *unused)
{
	announce_myself();
	printf("deregister %u", NCS_Deregister(first));
	printf(", callbacks ended %d\n", ended);
	return unused;
}

static void deregister_waits(void)
{
	pthread_t thread;

	first = registered(stay);
	sem_wait(&begun);
	thread = started(deregister_first, NULL);
	wait_until_it_sleeps();
	printf("waiting\n");
	sem_post(&go_on);
	pthread_join(thread, NULL);
}

static void callbacks_hold_nobody_up(void)
{
	UINT32 epoch;

	first = registered(stay);
	sem_wait(&begun);
	printf("lock %u", NCS_Lock(first, key, 3));
	printf(" unlock %u", NCS_UnLock(first, key, 3));
	printf(" query %u", NCS_Query_Epoch(first, &epoch, &epoch));
	second = registered(ignore);
	printf(" another %u\n", NCS_Deregister(second));
	sem_post(&go_on);
	printf("deregister %u\n", NCS_Deregister(first));
}

static void *lock_with_second(void *unused)
{
	announce_myself();
	answer = NCS_Lock(second, key, 3);
	pthread_testcancel();
	return unused;
}

static void join(pthread_t thread)
{
	void *result;

	pthread_join(thread, &result);
	printf("lock %u, %s\n", answer, result == PTHREAD_CANCELED ? "cancelled" : "not cancelled");
}

static pthread_t waiting_for_lock(void)
{
	pthread_t thread;

	first = registered(ignore);
	second = registered(ignore);
	printf("first %u\n", NCS_Lock(first, key, 3));
	thread = started(lock_with_second, NULL);
	wait_until_it_sleeps();
	return thread;
}

static void waits_are_served(void)
{
	pthread_t thread = waiting_for_lock();

	printf("unlock %u\n", NCS_UnLock(first, key, 3));
	join(thread);
	printf("deregister %u", NCS_Deregister(first));
	printf(" %u\n", NCS_Deregister(second));
}

static void deregister_ends_waits(void)
{
	pthread_t thread = waiting_for_lock();

	printf("deregister %u\n", NCS_Deregister(second));
	join(thread);
	printf("deregister %u\n", NCS_Deregister(first));
}

/* A cancelled thread finishes its call: the lock is its own by then, and known to be. */
static void cancel_in_lock(void)
{
	pthread_t thread = waiting_for_lock();
	UINT32 holder = 0;

	pthread_cancel(thread);
	printf("unlock %u\n", NCS_UnLock(first, key, 3));
	join(thread);
	printf("held %u\n", NCS_TryLock(first, key, 3, &holder));
}

static atomic_int last_members = -1;
static atomic_uint reregister = 99;

static void leave(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members, UINT32 FailedMask,
		  UINT32 MasterMask)
{
	NCS_HANDLE none = 77;

	(void)Handle, (void)GroupEpoch, (void)FailedMask, (void)MasterMask;
	if (Members == 0) {
		reregister = NCS_Register("threads", ignore, &none);
	}
	last_members = (int)Members;
	sem_post(&begun);
}

static void daemon_killed(void)
{
	pthread_t thread = waiting_for_lock();
	NCS_HANDLE third = registered(leave);
	UINT32 one, two;

	sem_wait(&begun);
	order("kill");
	join(thread);
	sem_wait(&begun);
	printf("members %d registering in there %u\n", last_members, reregister);
	printf("query %u", NCS_Query_Epoch(third, &one, &two));
	printf(" lock %u", NCS_Lock(third, key, 3));
	printf(" unlock %u", NCS_UnLock(first, key, 3));
	printf(" trylock %u", NCS_TryLock(third, key, 3, &one));
	printf(" database %u\n", NCS_Rebuild_Database(third));
	printf("deregister %u", NCS_Deregister(first));
	SAY(NCS_Deregister(second));
	SAY(NCS_Deregister(third));
	printf(", again %u\n", NCS_Deregister(third));
	printf("register %u\n", NCS_Register("threads", ignore, &first));
}

static void stay_when_leaving(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members,
			      UINT32 FailedMask, UINT32 MasterMask)
{
	if (Members == 0) {
		stay(Handle, GroupEpoch, Members, FailedMask, MasterMask);
	}
}

/*
 * While a program has not been told to the end that it is out, it is not in again, nor may others
 * have what it believes to hold.
 */
static void leaving_takes_its_time(void)
{
	NCS_RETURN result;

	first = registered(stay_when_leaving);
	order("lose quorum");
	sem_wait(&begun);
	order("regain quorum");
	printf("register %u\n", NCS_Register("threads", ignore, &second));
	sem_post(&go_on);
	while ((result = NCS_Register("threads", ignore, &second)) == NCS_NOT_MEMBER) {
		sched_yield();
	}
	printf("register %u, callbacks ended %d\n", result, ended);
	printf("deregister %u", NCS_Deregister(first));
	SAY(NCS_Deregister(second));
	printf("\n");
}

int main(int count, char *arguments[])
{
	static const struct test_case cases[] = {
		{ "deregister_waits", deregister_waits },
		{ "callbacks_hold_nobody_up", callbacks_hold_nobody_up },
		{ "waits_are_served", waits_are_served },
		{ "deregister_ends_waits", deregister_ends_waits },
		{ "cancel_in_lock", cancel_in_lock },
		{ "daemon_killed", daemon_killed },
		{ "leaving_takes_its_time", leaving_takes_its_time },
		{ NULL, NULL },
	};

	sem_init(&go_on, 0, 0);
	return run_case(cases, count, arguments);
}
