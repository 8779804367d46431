/*
 * Memory runs out at each allocation that a call makes: at that one alone, and at all from there on.
 * The library is loaded by dlopen(), so that nothing of its threads is there beforehand.
 * Usage: ncs_memory CASE
 */
#include "ncs_loaded.h"
#include "ncs_common.h"
#include "../behaviour/address_space.h"
#include "../behaviour/failing.h"
#include "../behaviour/ncs_rest.h"

#include <sys/resource.h>

/* How the rounds of one call came out. */
static struct {
	int failed, refused, done, wrong;
	struct toll before;
} sum;

static void begin(void)
{
	memset(&sum, 0, sizeof(sum));
	sum.before = at_rest(2);
}

/* Whether an allocation failed in the round, whose outcome is one of those that there may be. */
static int counted(NCS_RETURN result, int is_right)
{
	if (failed > 0) {
		sum.failed++;
	}
	sum.refused += result == NCS_ALLOC_ERROR || result == NCS_NO_RESOURCES;
	sum.done += result == NCS_SUCCESS;
	if (!is_right) {
		fprintf(stderr, "round %d: %u is wrong\n", sum.failed, result);
		sum.wrong++;
	}
	return failed > 0;
}

static void finish(const char *name)
{
	fprintf(stderr, "%s, %s: %d failed, %d refused, %d done\n", name,
		only_one ? "one alone" : "all from there on", sum.failed, sum.refused, sum.done);
	printf("%s failed %d, wrong %d, ", name, sum.failed > 0, sum.wrong);
	at_rest(2);
	print_lost(&sum.before);
}

/* A call whose n-th allocation fails. */
#define FAILING(n, call) (failed = 0, countdown = (n), answer = (call), countdown = -1, answer)

static int usable(NCS_HANDLE handle)
{
	UINT32 epoch, members, holder;

	return NCS_Query_Epoch(handle, &epoch, &members) == NCS_SUCCESS &&
	       NCS_TryLock(handle, "usable", 6, &holder) == NCS_SUCCESS &&
	       NCS_UnLock(handle, "usable", 6) == NCS_SUCCESS;
}

/* The key is free: somebody else can have it. */
static int is_free(void)
{
	UINT32 holder;

	return NCS_TryLock(second, key, 3, &holder) == NCS_SUCCESS &&
	       NCS_UnLock(second, key, 3) == NCS_SUCCESS;
}

static int is_held(void)
{
	UINT32 holder = 0;

	return NCS_TryLock(second, key, 3, &holder) == NCS_TRYLOCK_HELD && holder == 1;
}

/* The first registration of a membership, and one more. */
static void registering(void)
{
	for (int others = 0; others < 2; others++) {
		NCS_HANDLE handle = 77;
		int again = 1;

		begin();
		if (others) {
			first = registered(ignore);
		}
		for (long n = 0; again; n++) {
			NCS_RETURN result = FAILING(n, NCS_Register("memory", ignore, &handle));
			int right = result == NCS_SUCCESS
					    ? usable(handle) && NCS_Deregister(handle) == NCS_SUCCESS
					    : result == NCS_ALLOC_ERROR && handle == 77;

			again = counted(result, right && (!others || usable(first)));
			handle = 77;
			at_rest(2 + others);
		}
		if (others) {
			NCS_Deregister(first);
		}
		finish(others ? "one more" : "register");
	}
}

static void locking(void)
{
	UINT32 holder, epoch, members;
	int again = 1;

	begin();
	first = registered(ignore);
	second = registered(ignore);
	for (long n = 0; again; n++) {
		NCS_RETURN result = FAILING(n, NCS_Lock(first, key, 3));
		int right = result == NCS_SUCCESS
				    ? is_held() && NCS_UnLock(first, key, 3) == NCS_SUCCESS
				    : result == NCS_ALLOC_ERROR && is_free();

		again = counted(result, right);
		result = FAILING(n, NCS_TryLock(first, key, 3, &holder));
		right = result == NCS_SUCCESS ? is_held() && NCS_UnLock(first, key, 3) == NCS_SUCCESS
					      : result == NCS_ALLOC_ERROR && is_free();
		again |= counted(result, right);
		NCS_Lock(first, key, 3);
		result = FAILING(n, NCS_UnLock(first, key, 3));
		right = result == NCS_SUCCESS ? is_free()
					      : result == NCS_ALLOC_ERROR && is_held() &&
							NCS_UnLock(first, key, 3) == NCS_SUCCESS;
		again |= counted(result, right);
		result = FAILING(0, NCS_Query_Epoch(first, &epoch, &members));
		counted(result, result == NCS_SUCCESS && (members & 1) && failed == 0);
	}
	NCS_Deregister(first);
	NCS_Deregister(second);
	finish("lock");
}

/* It never fails, whatever the handle holds, be it the last of the membership or not. */
static void deregistering(void)
{
	int again = 1;

	begin();
	for (long n = 0; again; n++) {
		NCS_RETURN result;

		first = registered(ignore);
		second = registered(ignore);
		NCS_Lock(first, key, 3);
		result = FAILING(n, NCS_Deregister(first));
		again = counted(result, result == NCS_SUCCESS && is_free());
		result = FAILING(n, NCS_Deregister(second));
		again |= counted(result, result == NCS_SUCCESS);
		at_rest(2);
	}
	finish("deregister");
}

/* What is made once is made: the thread for callbacks, and what malloc keeps. */
static void registered_once(void)
{
	for (int i = 0; i < 10; i++) {
		NCS_Deregister(registered(ignore));
		at_rest(2);
	}
}

static atomic_int called;

static void count(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members, UINT32 FailedMask,
		  UINT32 MasterMask)
{
	(void)Handle, (void)GroupEpoch, (void)FailedMask, (void)MasterMask;
	atomic_fetch_add(&called, Members == 1);
}

/* Before anything else: what dispatching needs once, it needs then. */
static void out_of_memory_in_dispatch(void)
{
	int again = 1, fd = -1;

	NCS_Deregister(0);
	begin();
	for (long n = 0; again; n++) {
		NCS_RETURN result = FAILING(n, ncs_fd_get(0, &fd));

		again = counted(result, result == NCS_SUCCESS
						? fd >= 0
						: result == NCS_ALLOC_ERROR && fd < 0);
	}
	/* The descriptor stays. */
	sum.before.descriptors++;
	finish("descriptor");
	registered_once();
	begin();
	again = 1;
	for (long n = 0; again; n++) {
		NCS_RETURN result;

		first = registered(count);
		atomic_store(&called, 0);
		result = FAILING(n, ncs_dispatch(first, NCS_DISPATCH_ALL));
		again = counted(result, result == NCS_SUCCESS && atomic_load(&called) == 1);
		NCS_Deregister(first);
		at_rest(2);
	}
	finish("dispatch");
}

static void out_of_memory(void)
{
	registered_once();
	for (only_one = 0; only_one < 2; only_one++) {
		registering();
		locking();
		deregistering();
	}
}

/* What a process needs once, and a child whose parent is registered. */
static void out_of_memory_at_first(void)
{
	int status = 0;

	for (int with_parent = 0; with_parent < 2; with_parent++) {
		if (with_parent) {
			first = registered(ignore);
		}
		for (only_one = 0; only_one < 2; only_one++) {
			int rounds = 0, wrong = 0;

			for (status = 1 << 8; WEXITSTATUS(status) == 1; rounds++) {
				NCS_HANDLE handle = 77;
				NCS_RETURN result;

				if (fork() != 0) {
					wait(&status);
					wrong += !WIFEXITED(status) || WEXITSTATUS(status) > 1;
					continue;
				}
				alarm(LIMIT);
				result = FAILING(rounds, NCS_Register("memory", ignore, &handle));
				if (result == NCS_SUCCESS ? !usable(handle)
							  : result != NCS_ALLOC_ERROR &&
								    result != NCS_NO_RESOURCES) {
					_exit(2);
				}
				_exit(!usable(registered(ignore)) ? 3 : failed > 0);
			}
			printf("%s rounds %d, wrong %d\n", with_parent ? "child" : "first",
			       rounds > 1, wrong);
			fprintf(stderr, "%d rounds, the last ended with %d\n", rounds, status);
		}
	}
}

/* With no page of address space left, with one left, and so on, until it works a hundred times in a
 * row: every mapping fails once. */
static void no_address_space(void)
{
	struct rlimit limit = {0, RLIM_INFINITY};
	NCS_RETURN result = NCS_SUCCESS;

	registered_once();
	begin();
	for (unsigned long spare = 0, since = 0; since < 100; spare += 4) {
		NCS_HANDLE handle = 77;
		int right;

		limit.rlim_cur = address_space() + spare * 1024;
		setrlimit(RLIMIT_AS, &limit);
		result = NCS_Register("memory", ignore, &handle);
		limit.rlim_cur = RLIM_INFINITY;
		setrlimit(RLIMIT_AS, &limit);
		failed = result != NCS_SUCCESS;
		since = failed ? 0 : since + 1;
		right = failed ? (result == NCS_ALLOC_ERROR || result == NCS_NO_RESOURCES) &&
					 handle == 77
			       : usable(handle) && NCS_Deregister(handle) == NCS_SUCCESS;
		counted(result, right);
		at_rest(2);
	}
	finish("address space");
	printf("at last %u\n", result);
}

int main(int count, char *arguments[])
{
	static const struct test_case cases[] = {
		{"out_of_memory", out_of_memory},
		{"out_of_memory_at_first", out_of_memory_at_first},
		{"out_of_memory_in_dispatch", out_of_memory_in_dispatch},
		{"no_address_space", no_address_space},
		{NULL, NULL},
	};

	is_of_program = 1;
	load();
	return run_case(cases, count, arguments);
}
