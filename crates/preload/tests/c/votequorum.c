#include <corosync/votequorum.h>
#include <stdio.h>

static void on_quorum(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
		      uint32_t entries, votequorum_node_t nodes[])
{
	printf("quorum context %llu quorate %u:", (unsigned long long)context, quorate);
	for (uint32_t i = 0; i < entries; i++)
		printf(" %u/%u", nodes[i].nodeid, nodes[i].state);
	printf("\n");
	(void)handle;
}

static void on_expected(votequorum_handle_t handle, uint64_t context, uint32_t votes)
{
	printf("expected context %llu votes %u\n", (unsigned long long)context, votes);
	(void)handle;
}

static void on_nodes(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t ring,
		     uint32_t entries, uint32_t nodes[])
{
	struct votequorum_info info;
	/* A call from within a callback. */
	int error = votequorum_getinfo(handle, 1, &info);
	printf("nodes context %llu ring %u.%llu: %u of %u, getinfo %d\n", (unsigned long long)context,
	       ring.nodeid, (unsigned long long)ring.seq, nodes[0], entries, error);
}

int main(void)
{
	votequorum_callbacks_t callbacks = { on_quorum, on_expected, on_nodes };
	votequorum_ring_id_t ring = { 1, 8 };
	votequorum_handle_t handle;
	struct votequorum_info info;
	int fd = -1;

	printf("initialize %d\n", votequorum_initialize(&handle, &callbacks));
	printf("fd_get %d", votequorum_fd_get(handle, &fd));
	printf(" %d\n", fd > 2);
	printf("register %d\n", votequorum_qdevice_register(handle, "QDEVICE"));
	printf("getinfo %d\n", votequorum_getinfo(handle, 0, &info));
	printf("node %u state %u votes %u expected %u highest %u total %u quorum %u flags %u %u %s\n",
	       info.node_id, info.node_state, info.node_votes, info.node_expected_votes,
	       info.highest_expected, info.total_votes, info.quorum, info.flags,
	       info.qdevice_votes, info.qdevice_name);
	printf("getinfo of nobody %d\n", votequorum_getinfo(handle, 9, &info));
	printf("nothing to dispatch %d\n", votequorum_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	printf("trackstart %d\n", votequorum_trackstart(handle, 77, CS_TRACK_CHANGES));
	printf("dispatch all %d\n", votequorum_dispatch(handle, CS_DISPATCH_ALL));
	printf("trackstart again %d\n", votequorum_trackstart(handle, 78, CS_TRACK_CHANGES));
	printf("dispatch one %d\n", votequorum_dispatch(handle, CS_DISPATCH_ONE));
	printf("dispatch one %d\n", votequorum_dispatch(handle, CS_DISPATCH_ONE));
	printf("setexpected %d\n", votequorum_setexpected(handle, 20));
	printf("dispatch one %d\n", votequorum_dispatch(handle, CS_DISPATCH_ONE));
	printf("trackstop %d\n", votequorum_trackstop(handle));
	printf("trackstop again %d\n", votequorum_trackstop(handle));
	printf("setvotes %d %d\n", votequorum_setvotes(handle, 1, 3), votequorum_setvotes(handle, 9, 3));
	printf("poll %d\n", votequorum_qdevice_poll(handle, "QDEVICE", 1, ring));
	ring.seq = 9;
	printf("poll of another ring %d\n", votequorum_qdevice_poll(handle, "QDEVICE", 1, ring));
	printf("master wins %d\n", votequorum_qdevice_master_wins(handle, "QDEVICE", 1));
	printf("update %d\n", votequorum_qdevice_update(handle, "QDEVICE", "NEW"));
	printf("unregister %d\n", votequorum_qdevice_unregister(handle, "QDEVICE"));
	printf("unregister %d\n", votequorum_qdevice_unregister(handle, "NEW"));
	for (int i = 0; i < 5000; i++)
		if (votequorum_getinfo(handle, i % 2 + 1, &info) != CS_OK
		    || info.node_id != (unsigned)i % 2 + 1)
			printf("getinfo %d went wrong\n", i);
	printf("finalize %d\n", votequorum_finalize(handle));
	return 0;
}
