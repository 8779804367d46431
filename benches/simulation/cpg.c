/*
 * A member of a group that measures how fast CPG orders messages. Reads commands from standard
 * input, one a line, and answers each with a line:
 *   members COUNT          waits until the group has so many members
 *   flood SIZE SENT HEARD  multicasts SENT messages of SIZE bytes as fast as flow control lets it,
 *                          dispatches until HEARD have been delivered, whoever sent them, and
 *                          answers with nanoseconds
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <corosync/cpg.h>

/* Messages between two dispatches. */
#define BATCH 16

static size_t members;
static long heard;

static void must(const char *what, cs_error_t result)
{
	if (result != CS_OK) {
		fprintf(stderr, "%s: %d\n", what, result);
		exit(1);
	}
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void deliver(cpg_handle_t handle, const struct cpg_name *group, uint32_t node, uint32_t pid,
		    void *message, size_t length)
{
	(void)handle, (void)group, (void)node, (void)pid, (void)message, (void)length;
	heard++;
}

static void change(cpg_handle_t handle, const struct cpg_name *group,
		   const struct cpg_address *list, size_t entries, const struct cpg_address *left,
		   size_t left_entries, const struct cpg_address *joined, size_t joined_entries)
{
	(void)handle, (void)group, (void)list, (void)left, (void)left_entries;
	(void)joined, (void)joined_entries;
	members = entries;
}

static void dispatch(cpg_handle_t handle)
{
	cs_error_t result = cpg_dispatch(handle, CS_DISPATCH_ALL);

	if (result != CS_ERR_TRY_AGAIN) {
		must("cpg_dispatch", result);
	}
}

/* Whatever comes first: an event, or so many milliseconds have passed. */
static void wait_for_event(cpg_handle_t handle, int milliseconds)
{
	struct pollfd ready = { .events = POLLIN };

	must("cpg_fd_get", cpg_fd_get(handle, &ready.fd));
	poll(&ready, 1, milliseconds);
}

static uint64_t flood(cpg_handle_t handle, size_t size, long count, long expected)
{
	static char content[1 << 20];
	struct iovec message = { .iov_base = content, .iov_len = size };
	uint64_t start = now();
	long sent = 0;

	while (sent < count || heard < expected) {
		cs_error_t result = CS_OK;

		for (int i = 0; i < BATCH && sent < count && result == CS_OK; i++) {
			result = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &message, 1);
			sent += result == CS_OK;
		}
		if (result != CS_ERR_TRY_AGAIN) {
			must("cpg_mcast_joined", result);
		}
		if (result == CS_ERR_TRY_AGAIN || sent == count) {
			wait_for_event(handle, 1);
		}
		dispatch(handle);
	}
	/* Others may have begun the next round. */
	heard -= expected;
	return now() - start;
}

int main(void)
{
	cpg_callbacks_t callbacks = { .cpg_deliver_fn = deliver, .cpg_confchg_fn = change };
	struct cpg_name group = { .length = 5, .value = "bench" };
	cpg_handle_t handle;
	char line[128];
	cs_error_t result;

	while ((result = cpg_initialize(&handle, &callbacks)) == CS_ERR_TRY_AGAIN) {
		poll(NULL, 0, 1);
	}
	must("cpg_initialize", result);
	while ((result = cpg_join(handle, &group)) == CS_ERR_TRY_AGAIN) {
		poll(NULL, 0, 1);
	}
	must("cpg_join", result);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		long size, sent, expected;
		size_t wanted;
		uint64_t time = 0;

		if (sscanf(line, "members %zu", &wanted) == 1) {
			while (members != wanted) {
				wait_for_event(handle, 1000);
				dispatch(handle);
			}
		} else if (sscanf(line, "flood %ld %ld %ld", &size, &sent, &expected) == 3) {
			time = flood(handle, (size_t)size, sent, expected);
		} else {
			fprintf(stderr, "no such command: %s", line);
			return 1;
		}
		printf("%" PRIu64 "\n", time);
		fflush(stdout);
	}
	must("cpg_finalize", cpg_finalize(handle));
	return 0;
}
