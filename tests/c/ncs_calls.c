/*
 * What a program may do to libncssdk in one thread: bad input, and every call inside of a
 * callback. Prints a line for each step; run on a cluster of one node.
 * Usage: ncs_calls CASE
 */
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <ncssdk.h>

/* One call after the other, which C does not promise for arguments. */
#define SAY(call) printf(" %u", (call))

#define UNTOUCHED 0xdeadbeefu

static const char key[33] = "0123456789abcdef0123456789abcdef";
static int depth;

static void ignore(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members, UINT32 FailedMask,
		   UINT32 MasterMask)
{
	(void)Handle, (void)GroupEpoch, (void)Members, (void)FailedMask, (void)MasterMask;
	depth++;
}

static NCS_HANDLE registered(NCS_EPOCH_CHANGE_CALLBACK *callback)
{
	NCS_HANDLE handle = 0;
	NCS_RETURN result = NCS_Register("calls", callback, &handle);

	if (result != NCS_SUCCESS || handle == 0) {
		printf("not registered: %u\n", result);
		exit(1);
	}
	return handle;
}

static const char *touched(UINT32 value)
{
	return value == UNTOUCHED ? "untouched" : "written";
}

static void bad_arguments(void)
{
	NCS_HANDLE handle = UNTOUCHED;
	UINT32 one = UNTOUCHED;
	UINT32 two = UNTOUCHED;

	printf("register %u", NCS_Register(NULL, ignore, &handle));
	SAY(NCS_Register("", ignore, &handle));
	SAY(NCS_Register("calls", NULL, &handle));
	SAY(NCS_Register("calls", ignore, NULL));
	printf(" %s\n", touched(handle));
	handle = registered(ignore);
	printf("query %u", NCS_Query_Epoch(handle, NULL, &two));
	SAY(NCS_Query_Epoch(handle, &one, NULL));
	printf(" %s\n", touched(one & two));
	printf("lock %u", NCS_Lock(handle, NULL, 4));
	SAY(NCS_Lock(handle, key, 0));
	printf(" %u\n", NCS_Lock(handle, key, 33));
	printf("trylock %u", NCS_TryLock(handle, NULL, 4, &one));
	SAY(NCS_TryLock(handle, key, 0, &one));
	SAY(NCS_TryLock(handle, key, UINT32_MAX, &one));
	SAY(NCS_TryLock(handle, key, 4, NULL));
	printf(" %s\n", touched(one));
	printf("unlock %u", NCS_UnLock(handle, NULL, 4));
	SAY(NCS_UnLock(handle, key, 0));
	SAY(NCS_UnLock(handle, key, 33));
	printf(" %u\n", NCS_UnLock(handle, key, 4));
	printf("pools %u", NCS_WherePools(handle, NULL, NULL));
	SAY(NCS_WherePools(handle, &one, NULL));
	printf(" %s\n", touched(one));
	printf("database %u\n", NCS_Rebuild_Database(handle));
	printf("fd %u", ncs_fd_get(handle, NULL));
	printf(" dispatch %u", ncs_dispatch(handle, 0));
	SAY(ncs_dispatch(handle, 4));
	printf(" %u\n", ncs_dispatch(handle, NCS_DISPATCH_ALL));
	/* Nothing of all that has changed anything. */
	one = two = UNTOUCHED;
	printf("query %u", NCS_Query_Epoch(handle, &one, &two));
	printf(" members %u\n", two);
	printf("trylock %u", NCS_TryLock(handle, key, 4, &one));
	printf(" unlock %u\n", NCS_UnLock(handle, key, 4));
	printf("deregister %u\n", NCS_Deregister(handle));
}

static void all_refuse(NCS_HANDLE handle)
{
	UINT32 one = UNTOUCHED;
	UINT32 two = UNTOUCHED;
	int fd = -7;

	printf("%u", NCS_Query_Epoch(handle, &one, &two));
	SAY(NCS_Lock(handle, key, 4));
	SAY(NCS_TryLock(handle, key, 4, &one));
	SAY(NCS_UnLock(handle, key, 4));
	SAY(NCS_Rebuild_Database(handle));
	SAY(NCS_WherePools(handle, &one, NULL));
	SAY(ncs_fd_get(handle, &fd));
	SAY(ncs_dispatch(handle, NCS_DISPATCH_ONE));
	SAY(NCS_Deregister(handle));
	printf(" %s\n", fd == -7 ? touched(one & two) : "written");
}

static void bad_handles(void)
{
	NCS_HANDLE handle = registered(ignore);
	UINT32 epoch;

	printf("deregister %u\n", NCS_Deregister(handle));
	printf("stale ");
	all_refuse(handle);
	handle = registered(ignore);
	printf("another ");
	all_refuse(handle + 1);
	printf("usable %u", NCS_Query_Epoch(handle, &epoch, &epoch));
	printf(" %u\n", NCS_Deregister(handle));
	/* 0 is no handle; only ncs_fd_get() and ncs_dispatch() have a use for it. */
	printf("zero %u", NCS_Query_Epoch(0, &epoch, &epoch));
	SAY(NCS_Lock(0, key, 4));
	printf(" %u\n", NCS_Deregister(0));
}

static void keys(void)
{
	NCS_HANDLE one = registered(ignore);
	NCS_HANDLE other = registered(ignore);
	UINT32 holder = UNTOUCHED;

	printf("shortest %u", NCS_Lock(one, "", 1));
	printf(" longest %u\n", NCS_Lock(one, key, 32));
	/* The bytes and their number make the key, zeros included. */
	printf("others %u", NCS_TryLock(other, "\0", 2, &holder));
	SAY(NCS_TryLock(other, key, 31, &holder));
	printf(" %u\n", NCS_TryLock(other, "\1", 1, &holder));
	printf("held %u", NCS_TryLock(other, key, 32, &holder));
	printf(" by %u\n", holder);
	holder = UNTOUCHED;
	printf("own %u", NCS_TryLock(one, key, 32, &holder));
	printf(" by %u", holder);
	printf(", again %u\n", NCS_Lock(one, key, 32));
	printf("not mine %u\n", NCS_UnLock(other, key, 32));
	printf("unlock %u", NCS_UnLock(one, key, 32));
	printf(", again %u\n", NCS_UnLock(one, key, 32));
	holder = UNTOUCHED;
	printf("free %u", NCS_TryLock(other, key, 32, &holder));
	printf(" %s\n", touched(holder));
	printf("deregister %u\n", NCS_Deregister(other));
	printf("given up %u\n", NCS_TryLock(one, key, 32, &holder));
	printf("deregister %u\n", NCS_Deregister(one));
}

static NCS_HANDLE outer;
static sem_t done;

static void call_all(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members, UINT32 FailedMask,
		     UINT32 MasterMask)
{
	NCS_HANDLE inner = registered(ignore);
	UINT32 epoch = UNTOUCHED;
	UINT32 members = UNTOUCHED;
	UINT32 holder = UNTOUCHED;

	sigset_t blocked;

	depth += 10;
	pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	printf("blocked %d %d\n", sigismember(&blocked, SIGTERM), sigismember(&blocked, SIGHUP));
	printf("told before it is called %d\n", Handle == outer);
	printf("query %u", NCS_Query_Epoch(Handle, &epoch, &members));
	printf(" same %d failed %u master %u\n", epoch == GroupEpoch && members == Members,
	       FailedMask, MasterMask);
	printf("lock %u", NCS_Lock(Handle, key, 4));
	printf(" trylock %u", NCS_TryLock(inner, key, 4, &holder));
	printf(" by %u", holder);
	printf(" unlock %u\n", NCS_UnLock(Handle, key, 4));
	printf("pools %u", NCS_WherePools(Handle, &epoch, NULL));
	printf(" database %u\n", NCS_Rebuild_Database(Handle));
	/* One at a time: the other handle's first callback has to wait. */
	printf("depth %d", depth);
	printf(" dispatch %u", ncs_dispatch(inner, NCS_DISPATCH_ALL));
	printf(" fd %u", ncs_fd_get(inner, (int[1]){ 0 }));
	printf(" dispatch %u", ncs_dispatch(inner, NCS_DISPATCH_ALL));
	printf(" depth %d\n", depth);
	printf("deregister %u", NCS_Deregister(inner));
	printf(" itself %u", NCS_Deregister(Handle));
	printf(" again %u\n", NCS_Deregister(Handle));
	depth += 100;
	sem_post(&done);
}

static void callbacks_may_call_all(void)
{
	struct pollfd ready = { .events = POLLIN };

	printf("fd %u\n", ncs_fd_get(0, &ready.fd));
	outer = registered(call_all);
	printf("poll %d\n", poll(&ready, 1, -1));
	printf("dispatch %u\n", ncs_dispatch(0, NCS_DISPATCH_ALL));
	printf("depth %d poll %d\n", depth, poll(&ready, 1, 0));
}

static void callbacks_may_call_all_on_the_thread(void)
{
	/* Straight into the variable that the callback looks at. */
	if (NCS_Register("calls", call_all, &outer) != NCS_SUCCESS) {
		exit(1);
	}
	sem_wait(&done);
	printf("depth %d\n", depth);
}

static void not_accepted(void)
{
	NCS_HANDLE handle = UNTOUCHED;

	printf("register %u", NCS_Register("calls", ignore, &handle));
	printf(" %s\n", touched(handle));
}

int main(int count, char *arguments[])
{
	static const struct {
		const char *name;
		void (*run)(void);
	} cases[] = {
		{ "bad_arguments", bad_arguments },
		{ "bad_handles", bad_handles },
		{ "keys", keys },
		{ "callbacks_may_call_all", callbacks_may_call_all },
		{ "callbacks_may_call_all_on_the_thread", callbacks_may_call_all_on_the_thread },
		{ "not_accepted", not_accepted },
	};

	sigset_t hangup;

	/* Callbacks have the mask of the thread that registers. */
	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &hangup, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(60);
	sem_init(&done, 0, 0);
	for (size_t i = 0; count == 2 && i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(cases[i].name, arguments[1]) == 0) {
			cases[i].run();
			return 0;
		}
	}
	return 2;
}
