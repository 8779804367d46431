/* Asks the daemon once and prints its answer on one line. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <corosync/votequorum.h>

static int seen;

static void quorum_changed(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
			   uint32_t entries, votequorum_node_t list[])
{
	const char *comma = "";

	(void)handle;
	(void)context;
	printf(" quorate=%u voting=", quorate);
	for (uint32_t i = 0; i < entries; i++) {
		if (list[i].nodeid != VOTEQUORUM_QDEVICE_NODEID &&
		    list[i].state == VOTEQUORUM_NODESTATE_MEMBER) {
			printf("%s%u", comma, list[i].nodeid);
			comma = ",";
		}
	}
	seen |= 1;
}

static void nodes_changed(votequorum_handle_t handle, uint64_t context,
			  votequorum_ring_id_t ring, uint32_t entries, uint32_t list[])
{
	(void)handle;
	(void)context;
	printf("ring=%u.%llu members=", ring.nodeid, (unsigned long long)ring.seq);
	for (uint32_t i = 0; i < entries; i++) {
		printf("%s%u", i ? "," : "", list[i]);
	}
	seen |= 2;
}

static void check(const char *what, cs_error_t result)
{
	if (result != CS_OK) {
		printf("%s gave %d\n", what, result);
		exit(1);
	}
}

int main(void)
{
	votequorum_callbacks_t callbacks = {
		.votequorum_quorum_notify_fn = quorum_changed,
		.votequorum_nodelist_notify_fn = nodes_changed,
	};
	votequorum_handle_t handle;
	struct votequorum_info info;

	/* A stopped daemon would keep us for ever. */
	alarm(5);
	check("initialize", votequorum_initialize(&handle, &callbacks));
	check("trackstart", votequorum_trackstart(handle, 1, CS_TRACK_CURRENT));
	while (seen != 3) {
		check("dispatch", votequorum_dispatch(handle, CS_DISPATCH_ONE));
	}
	check("getinfo", votequorum_getinfo(handle, 0, &info));
	printf(" expected=%u total=%u quorum=%u flags=%u\n", info.node_expected_votes,
	       info.total_votes, info.quorum, info.flags);
	votequorum_finalize(handle);
	return 0;
}
