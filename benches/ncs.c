/*
 * What locks and callbacks cost, beside a bare round trip of corosync's own CPG library in the
 * same process.
 * Usage: ncs stay             joins both groups, and is told of changes until it is killed
 *        ncs measure ROUNDS   prints the nanoseconds of that many round trips of each kind
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <corosync/cpg.h>
#include <ncssdk.h>

#define BLOCK 100

static cpg_handle_t group;
static NCS_HANDLE cluster;
static int delivered;

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void fail(const char *what, unsigned result)
{
	fprintf(stderr, "%s: %u\n", what, result);
	exit(1);
}

static void on_message(cpg_handle_t handle, const struct cpg_name *name, uint32_t node,
		       uint32_t pid, void *message, size_t size)
{
	(void)handle, (void)name, (void)node, (void)message, (void)size;
	delivered += pid == (uint32_t)getpid();
}

static void on_change(cpg_handle_t handle, const struct cpg_name *name,
		      const struct cpg_address *members, size_t member_count,
		      const struct cpg_address *left, size_t left_count,
		      const struct cpg_address *joined, size_t joined_count)
{
	uint64_t time = now();

	(void)handle, (void)name, (void)members, (void)joined, (void)joined_count;
	for (size_t i = 0; i < left_count; i++) {
		if (left[i].reason == CPG_REASON_NODEDOWN) {
			printf("cpg %llu %zu\n", (unsigned long long)time, member_count);
		}
	}
}

static void on_epoch(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members, UINT32 FailedMask,
		     UINT32 MasterMask)
{
	uint64_t time = now();

	(void)Handle, (void)GroupEpoch, (void)MasterMask;
	printf("%s %llu %#x\n", FailedMask != 0 ? "ncs" : "epoch", (unsigned long long)time,
	       Members);
}

static void join(void)
{
	static const struct cpg_name name = { .length = 5, .value = "bench" };
	cpg_callbacks_t callbacks = { .cpg_deliver_fn = on_message, .cpg_confchg_fn = on_change };
	cs_error_t result = cpg_initialize(&group, &callbacks);
	NCS_RETURN registered;

	while (result == CS_OK && (result = cpg_join(group, &name)) == CS_ERR_TRY_AGAIN) {
		result = CS_OK;
	}
	if (result != CS_OK) {
		fail("cpg", result);
	}
	while ((registered = NCS_Register("bench", on_epoch, &cluster)) == NCS_NOT_MEMBER) {
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	if (registered != NCS_SUCCESS) {
		fail("register", registered);
	}
	printf("joined\n");
}

static uint64_t bare_round_trip(void)
{
	uint64_t begin = now();
	struct iovec message = { "message of forty-four bytes, as for a lock", 44 };
	cs_error_t result;
	int before = delivered;

	while ((result = cpg_mcast_joined(group, CPG_TYPE_AGREED, &message, 1)) == CS_ERR_TRY_AGAIN) {
	}
	while (result == CS_OK && delivered == before) {
		result = cpg_dispatch(group, CS_DISPATCH_ONE);
	}
	if (result != CS_OK) {
		fail("round trip", result);
	}
	return now() - begin;
}

static uint64_t lock_and_unlock(void)
{
	uint64_t begin = now();
	NCS_RETURN locked = NCS_Lock(cluster, "benchmark", 9);
	NCS_RETURN unlocked = NCS_UnLock(cluster, "benchmark", 9);

	if (locked != NCS_SUCCESS || unlocked != NCS_SUCCESS) {
		fail("lock", locked != NCS_SUCCESS ? locked : unlocked);
	}
	return now() - begin;
}

int main(int count, char *arguments[])
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	join();
	if (count == 2 && strcmp(arguments[1], "stay") == 0) {
		return cpg_dispatch(group, CS_DISPATCH_BLOCKING) != CS_OK;
	}
	if (count != 3 || strcmp(arguments[1], "measure") != 0) {
		return 2;
	}
	/* In turns, so that whatever else the machine does is shared by both. */
	for (int round = 0; round < atoi(arguments[2]); round += BLOCK) {
		for (int i = 0; i < BLOCK; i++) {
			printf("bare %llu\n", (unsigned long long)bare_round_trip());
		}
		for (int i = 0; i < BLOCK; i++) {
			printf("lock %llu\n", (unsigned long long)lock_and_unlock());
		}
	}
	return 0;
}
