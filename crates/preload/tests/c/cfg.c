#include <corosync/corotypes.h>
#include <netinet/in.h>
#include <corosync/cfg.h>
#include <pthread.h>
#include <stdio.h>

static void on_shutdown(corosync_cfg_handle_t handle, corosync_cfg_shutdown_flags_t flags)
{
	printf("shutdown? flags %d\n", (int)flags);
	/* What this returns is, in this version of the library, not the reply's. */
	corosync_cfg_replyto_shutdown(handle, COROSYNC_CFG_SHUTDOWN_FLAG_NO);
}

static void *dispatch(void *argument)
{
	corosync_cfg_handle_t *handle = argument;

	corosync_cfg_dispatch(*handle, CS_DISPATCH_ONE);
	return NULL;
}

int main(void)
{
	corosync_cfg_callbacks_t callbacks = { on_shutdown };
	corosync_cfg_node_address_t addresses[8];
	struct corosync_cfg_node_status_v1 status;
	corosync_cfg_handle_t handle, other;
	char **names, **states;
	unsigned int nodeid = 0, links = 0;
	int count = 0, error;
	pthread_t thread;

	printf("initialize %d\n", corosync_cfg_initialize(&handle, &callbacks));
	error = corosync_cfg_local_get(handle, &nodeid);
	printf("local %d %u\n", error, nodeid);
	error = corosync_cfg_ring_status_get(handle, &names, &states, &links);
	printf("links %d %u\n", error, links);
	for (unsigned int i = 0; i < links; i++)
		printf("%s: %s\n", names[i], states[i]);
	error = corosync_cfg_get_node_addrs(handle, 1, 8, &count, addresses);
	printf("addresses %d %d\n", error, count);
	for (int i = 0; i < count; i++) {
		const struct sockaddr_in *in = (const void *)addresses[i].address;
		printf("%d %08x\n", in->sin_family == AF_INET, ntohl(in->sin_addr.s_addr));
	}
	printf("of nobody %d\n", corosync_cfg_get_node_addrs(handle, 7, 8, &count, addresses));
	error = corosync_cfg_node_status_get(handle, 2, CFG_NODE_STATUS_V1, &status);
	printf("status %d node %u reachable %u link 1 %u mtu %u %s -> %s\n", error, status.nodeid,
	       status.reachable, status.link_status[1].connected, status.link_status[1].mtu,
	       status.link_status[1].src_ipaddr, status.link_status[1].dst_ipaddr);
	printf("of nobody %d\n", corosync_cfg_node_status_get(handle, 7, CFG_NODE_STATUS_V1, &status));
	printf("kill %d %d\n", corosync_cfg_kill_node(handle, 2, "for a test"),
	       corosync_cfg_kill_node(handle, 3, "for a test"));
	printf("reload %d reopen %d\n", corosync_cfg_reload_config(handle),
	       corosync_cfg_reopen_log_files(handle));
	printf("track %d\n", corosync_cfg_trackstart(handle, 0));
	printf("initialize %d\n", corosync_cfg_initialize(&other, &callbacks));
	fflush(stdout);
	pthread_create(&thread, NULL, dispatch, &handle);
	error = corosync_cfg_try_shutdown(other, COROSYNC_CFG_SHUTDOWN_FLAG_REQUEST);
	pthread_join(thread, NULL);
	printf("shutdown %d\n", error);
	printf("untrack %d\n", corosync_cfg_trackstop(handle));
	printf("finalize %d %d\n", corosync_cfg_finalize(other), corosync_cfg_finalize(handle));
	return 0;
}
