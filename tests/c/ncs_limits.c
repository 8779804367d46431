/*
 * What becomes of calls of libncssdk that the group does not answer within QUORATE_TIMEOUT_MS.
 * Prints a line for each step; asks the harness for silence, and for its end.
 * Usage: ncs_limits CASE
 */
#include "ncs_common.h"

/* On a busy machine an answer can be late at any time: the call that failed has left nothing. */
#define PATIENTLY(call)                        \
	({                                     \
		NCS_RETURN code_;              \
		do {                           \
			code_ = (call);        \
		} while (code_ == NCS_FAILURE); \
		code_;                         \
	})

static NCS_RETURN try(NCS_HANDLE handle, const char *name)
{
	UINT32 holder;

	return NCS_TryLock(handle, name, (UINT32)strlen(name), &holder);
}

static NCS_RETURN lock(NCS_HANDLE handle, const char *name)
{
	return NCS_Lock(handle, name, (UINT32)strlen(name));
}

static NCS_RETURN unlock(NCS_HANDLE handle, const char *name)
{
	return NCS_UnLock(handle, name, (UINT32)strlen(name));
}

static NCS_HANDLE accepted(void)
{
	NCS_HANDLE handle = 0;

	if (PATIENTLY(NCS_Register("limits", ignore, &handle)) != NCS_SUCCESS) {
		printf("not accepted\n");
		exit(1);
	}
	return handle;
}

static void requests(void)
{
	UINT32 epoch;

	first = accepted();
	second = accepted();
	printf("lock");
	SAY(PATIENTLY(lock(first, "held")));
	printf("\n");
	order("silence");
	printf("lock %u", lock(first, "one"));
	printf(" trylock %u", try(first, "other"));
	printf(" unlock %u", unlock(first, "held"));
	printf(" query %u", NCS_Query_Epoch(first, &epoch, &epoch));
	printf(" deregister %u\n", NCS_Deregister(second));
	order("speech");
	second = accepted();
	printf("free");
	SAY(PATIENTLY(try(second, "one")));
	SAY(PATIENTLY(try(second, "other")));
	SAY(PATIENTLY(try(second, "held")));
	printf("\nderegister");
	SAY(NCS_Deregister(first));
	SAY(NCS_Deregister(second));
	printf("\n");
}

static void newcomer(void)
{
	NCS_HANDLE handle = 4711;

	order("silence");
	printf("register");
	SAY(NCS_Register("limits", ignore, &handle));
	SAY(NCS_Register("limits", ignore, &handle));
	printf(" %s\n", handle == 4711 ? "untouched" : "written");
	order("speech");
	first = accepted();
	printf("lock");
	SAY(PATIENTLY(lock(first, "key")));
	printf(" deregister");
	SAY(NCS_Deregister(first));
	printf("\n");
}

static void *lock_key(void *unused)
{
	announce_myself();
	answer = lock(second, key);
	return unused;
}

/* Longer than the limit, which is for the group alone. */
static void holder(void)
{
	pthread_t thread;

	first = accepted();
	second = accepted();
	printf("first");
	SAY(PATIENTLY(lock(first, key)));
	thread = started(lock_key, NULL);
	wait_until_it_sleeps();
	sleep(3);
	printf("\nunlock");
	SAY(PATIENTLY(unlock(first, key)));
	pthread_join(thread, NULL);
	printf(" second %u\n", answer);
}

#define CROWD 400

static atomic_int failed;

static void *lock_own(void *name)
{
	failed += lock(first, name) == NCS_FAILURE;
	return NULL;
}

/* More than corosync's socket and ring have room for. */
static void crowd(void)
{
	static char names[CROWD][8];
	pthread_t threads[CROWD];
	UINT32 epoch;
	int free = 0;

	first = accepted();
	second = accepted();
	order("silence");
	for (int n = 0; n < CROWD; n++) {
		snprintf(names[n], sizeof(names[n]), "%d", n);
		threads[n] = started(lock_own, names[n]);
	}
	for (int n = 0; n < CROWD; n++) {
		pthread_join(threads[n], NULL);
	}
	printf("failed %d query %u\n", failed, NCS_Query_Epoch(first, &epoch, &epoch));
	order("speech");
	for (int n = 0; n < CROWD; n++) {
		free += PATIENTLY(try(second, names[n])) == NCS_SUCCESS;
	}
	printf("free %d\n", free);
}

int main(int count, char *arguments[])
{
	static const struct test_case cases[] = {
		{"requests", requests}, {"newcomer", newcomer}, {"holder", holder},
		{"crowd", crowd},	{NULL, NULL},
	};

	return run_case(cases, count, arguments);
}
