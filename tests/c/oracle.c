/* What a daemon says about all nodes, and the two requests that change votes.
 *
 * oracle show LAST             the ring, then quorum and every node from 1 to LAST
 * oracle setexpected N         prints the result code
 * oracle setvotes NODE VOTES   prints the result code; node 0 is the quorum device
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <corosync/votequorum.h>

static int seen;
static uint32_t members[64];
static uint32_t member_count;
static uint32_t is_quorate;

static void quorum_changed(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
			   uint32_t entries, votequorum_node_t list[])
{
	(void)handle;
	(void)context;
	(void)entries;
	(void)list;
	is_quorate = quorate;
	seen |= 1;
}

static void nodes_changed(votequorum_handle_t handle, uint64_t context,
			  votequorum_ring_id_t ring, uint32_t entries, uint32_t list[])
{
	(void)handle;
	(void)context;
	printf("ring %u.%llu\n", ring.nodeid, (unsigned long long)ring.seq);
	member_count = entries < 64 ? entries : 64;
	memcpy(members, list, member_count * sizeof(members[0]));
	seen |= 2;
}

static void check(const char *what, cs_error_t result)
{
	if (result != CS_OK) {
		printf("%s gave %d\n", what, result);
		exit(1);
	}
}

static void show(votequorum_handle_t handle, uint32_t last)
{
	check("trackstart", votequorum_trackstart(handle, 1, CS_TRACK_CURRENT));
	while (seen != 3) {
		check("dispatch", votequorum_dispatch(handle, CS_DISPATCH_ONE));
	}
	printf("quorate %u, members", is_quorate);
	for (uint32_t i = 0; i < member_count; i++) {
		printf(" %u", members[i]);
	}
	printf("\n");
	for (uint32_t node = 1; node <= last; node++) {
		struct votequorum_info info;
		cs_error_t result = votequorum_getinfo(handle, node, &info);

		if (result == CS_ERR_NOT_EXIST) {
			printf("%u: unknown\n", node);
			continue;
		}
		check("getinfo", result);
		printf("%u: state %u, votes %u, expected %u, highest %u, total %u, quorum %u, "
		       "flags %u, device %u %s\n",
		       info.node_id, info.node_state, info.node_votes, info.node_expected_votes,
		       info.highest_expected, info.total_votes, info.quorum, info.flags,
		       info.qdevice_votes, info.qdevice_name);
	}
}

int main(int argc, char **argv)
{
	votequorum_callbacks_t callbacks = {
		.votequorum_quorum_notify_fn = quorum_changed,
		.votequorum_nodelist_notify_fn = nodes_changed,
	};
	votequorum_handle_t handle;
	uint32_t number[2] = { 0, 0 };

	if (argc < 3) {
		return 2;
	}
	for (int i = 2; i < argc && i < 4; i++) {
		number[i - 2] = (uint32_t)strtoul(argv[i], NULL, 10);
	}
	/* A stopped daemon would keep us for ever. */
	alarm(5);
	check("initialize", votequorum_initialize(&handle, &callbacks));
	if (strcmp(argv[1], "show") == 0) {
		show(handle, number[0]);
	} else if (strcmp(argv[1], "setexpected") == 0) {
		printf("%d\n", votequorum_setexpected(handle, number[0]));
	} else {
		printf("%d\n", votequorum_setvotes(handle, number[0], number[1]));
	}
	votequorum_finalize(handle);
	return 0;
}
