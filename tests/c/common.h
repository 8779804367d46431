/*
 * What the scenario programs share: lines that are the same for every library that behaves the
 * same. Handles and addresses are never printed, ring numbers count from the first one seen.
 */
#ifndef QUORATE_TESTS_COMMON_H
#define QUORATE_TESTS_COMMON_H

#include <dlfcn.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <corosync/votequorum.h>

#define UNUSED __attribute__((unused))

UNUSED static uint64_t first_ring;
UNUSED static votequorum_ring_id_t last_ring;
UNUSED static unsigned last_expected_event;

/* The harness reads this line from stderr before it believes anything else. */
UNUSED static void start(void)
{
	Dl_info where;
	void *symbol = dlsym(RTLD_DEFAULT, "votequorum_initialize");

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (symbol == NULL || dladdr(symbol, &where) == 0) {
		fprintf(stderr, "library: none\n");
		exit(99);
	}
	fprintf(stderr, "library: %s\n", where.dli_fname);
}

UNUSED static int64_t ring_number(uint64_t sequence)
{
	if (first_ring == 0) {
		first_ring = sequence;
	}
	return (int64_t)(sequence - first_ring);
}

UNUSED static void on_quorum(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
			     uint32_t entries, votequorum_node_t list[])
{
	(void)handle;
	printf("  event quorum context=%#" PRIx64 " quorate=%u nodes=", context, quorate);
	for (uint32_t i = 0; i < entries; i++) {
		printf("%s%u:%u", i ? "," : "", list[i].nodeid, list[i].state);
	}
	printf("\n");
}

UNUSED static void on_expected(votequorum_handle_t handle, uint64_t context, uint32_t votes)
{
	(void)handle;
	last_expected_event = votes;
	printf("  event expected context=%#" PRIx64 " votes=%u\n", context, votes);
}

UNUSED static void on_nodes(votequorum_handle_t handle, uint64_t context,
			    votequorum_ring_id_t ring, uint32_t entries, uint32_t list[])
{
	(void)handle;
	last_ring = ring;
	printf("  event nodes context=%#" PRIx64 " ring=%u.%+" PRId64 " nodes=", context,
	       ring.nodeid, ring_number(ring.seq));
	for (uint32_t i = 0; i < entries; i++) {
		printf("%s%u", i ? "," : "", list[i]);
	}
	printf("\n");
}

UNUSED static votequorum_callbacks_t all_callbacks = {
	.votequorum_quorum_notify_fn = on_quorum,
	.votequorum_expectedvotes_notify_fn = on_expected,
	.votequorum_nodelist_notify_fn = on_nodes,
};

/* Fields only count when the call succeeded: otherwise the original leaves garbage in them. */
UNUSED static void print_info(cs_error_t result, const struct votequorum_info *info)
{
	if (result != CS_OK) {
		printf("%d\n", result);
		return;
	}
	printf("%d node=%u state=%u votes=%u expected=%u highest=%u total=%u quorum=%u flags=%#x "
	       "device_votes=%u device=\"%s\"\n",
	       result, info->node_id, info->node_state, info->node_votes,
	       info->node_expected_votes, info->highest_expected, info->total_votes, info->quorum,
	       info->flags, info->qdevice_votes, info->qdevice_name);
}

UNUSED static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
