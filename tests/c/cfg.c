/*
 * Every function of libcfg, on a running cluster. Usage: cfg SECTION [ARGUMENT...].
 *
 *   status NODE...        the links: as text, and by node
 *   addresses NODE...     who this is, and where the nodes are
 *   tracking              trackstart and trackstop, in and out of order
 *   reload                reload, reopen, and what cmap says meanwhile
 *   kill NODE REASON      ends a node
 *   shutdown FLAG VOTES   asks to shut down; VOTES has a letter for each session that tracks:
 *                         y and n answer, - does not, s stops tracking, f finalizes, w is the one
 *                         who asks, e comes late and says yes, a says no without tracking
 */
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <corosync/cfg.h>
#include <corosync/cmap.h>

#define MOST_TRACKERS 8
#define MOST_ADDRESSES 8
/* Generous: what is waited for comes by itself. */
#define LIMIT_MS 60000

static int asked[MOST_TRACKERS];
static corosync_cfg_handle_t handles[MOST_TRACKERS];
static int trackers;

static void on_shutdown(corosync_cfg_handle_t handle, corosync_cfg_shutdown_flags_t flags)
{
	for (int i = 0; i < trackers; i++) {
		if (handles[i] == handle) {
			asked[i]++;
			printf("  event to %d: shutdown flags=%d\n", i, flags);
		}
	}
}

static corosync_cfg_handle_t open_handle(void)
{
	static const corosync_cfg_callbacks_t callbacks = { on_shutdown };
	corosync_cfg_handle_t handle = 0;
	cs_error_t result = corosync_cfg_initialize(&handle, &callbacks);

	if (result != CS_OK) {
		printf("initialize = %d\n", result);
		exit(1);
	}
	return handle;
}

static void ring_status(corosync_cfg_handle_t handle)
{
	char **names = NULL, **states = NULL;
	unsigned count = 0;
	cs_error_t result = corosync_cfg_ring_status_get(handle, &names, &states, &count);

	printf("ring_status_get = %d\n", result);
	for (unsigned i = 0; result == CS_OK && i < count; i++) {
		printf("  \"%s\" \"%s\"\n", names[i], states[i]);
	}
}

static void node_status(corosync_cfg_handle_t handle, unsigned node, int version)
{
	struct corosync_cfg_node_status_v1 status;
	cs_error_t result;

	memset(&status, 0, sizeof(status));
	result = corosync_cfg_node_status_get(handle, node, version, &status);
	printf("node_status_get(%u, %d) = %d\n", node, version, result);
	if (result != CS_OK) {
		return;
	}
	printf("  version=%d node=%u reachable=%u remote=%u external=%u onwire=%u,%u,%u\n",
	       status.version, status.nodeid, status.reachable, status.remote, status.external,
	       status.onwire_min, status.onwire_max, status.onwire_ver);
	for (int i = 0; i < CFG_MAX_LINKS; i++) {
		struct corosync_knet_link_status_v1 *link = &status.link_status[i];

		printf("  link %d: enabled=%u connected=%u dynamic=%u mtu=%u \"%s\" \"%s\"\n", i,
		       link->enabled, link->connected, link->dynconnected, link->mtu,
		       link->src_ipaddr, link->dst_ipaddr);
	}
}

static void status(int count, char **nodes)
{
	corosync_cfg_handle_t handle = open_handle();

	ring_status(handle);
	for (int i = 0; i < count; i++) {
		node_status(handle, strtoul(nodes[i], NULL, 0), CFG_NODE_STATUS_V1);
	}
	node_status(handle, 1, 0);
	node_status(handle, 1, 2);
	printf("finalize = %d\n", corosync_cfg_finalize(handle));
}

static void addresses(int count, char **nodes)
{
	corosync_cfg_handle_t handle = open_handle();
	unsigned local = 0;

	printf("local_get = %d", corosync_cfg_local_get(handle, &local));
	printf(" %u\n", local);
	for (int i = 0; i < count; i++) {
		corosync_cfg_node_address_t list[MOST_ADDRESSES];
		int found = 0;
		cs_error_t result = corosync_cfg_get_node_addrs(
			handle, strtoul(nodes[i], NULL, 0), MOST_ADDRESSES, &found, list);

		printf("get_node_addrs(%s) = %d", nodes[i], result);
		for (int j = 0; result == CS_OK && j < found; j++) {
			printf(" length %d", list[j].address_length);
			for (int k = 0; k < list[j].address_length; k++) {
				printf("%s%02x", k ? "" : " ", (unsigned char)list[j].address[k]);
			}
		}
		printf("\n");
	}
	printf("finalize = %d\n", corosync_cfg_finalize(handle));
}

static void tracking(void)
{
	corosync_cfg_handle_t handle = open_handle();

	printf("replyto_shutdown = %d\n", corosync_cfg_replyto_shutdown(handle, 1));
	printf("trackstop = %d\n", corosync_cfg_trackstop(handle));
	printf("trackstart = %d\n", corosync_cfg_trackstart(handle, 0));
	printf("trackstart = %d\n", corosync_cfg_trackstart(handle, 255));
	printf("dispatch = %d\n", corosync_cfg_dispatch(handle, CS_DISPATCH_ALL));
	printf("dispatch = %d\n", corosync_cfg_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	printf("trackstop = %d\n", corosync_cfg_trackstop(handle));
	printf("trackstop = %d\n", corosync_cfg_trackstop(handle));
	printf("finalize = %d\n", corosync_cfg_finalize(handle));
	printf("local_get = %d\n", corosync_cfg_local_get(handle, NULL));
}

static void on_key(cmap_handle_t handle, cmap_track_handle_t track, int32_t event,
		   const char *key, struct cmap_notify_value now, struct cmap_notify_value before,
		   void *context)
{
	int64_t value = 0, old = 0;

	(void)handle;
	(void)track;
	(void)context;
	if (now.len <= sizeof(value) && before.len <= sizeof(old)) {
		memcpy(&value, now.data, now.len);
		memcpy(&old, before.data, before.len);
	}
	printf("  event %d %s type %d %" PRId64 " before %d %" PRId64 "\n", event, key, now.type,
	       value, before.type, old);
}

static void reload(void)
{
	corosync_cfg_handle_t handle = open_handle();
	cmap_handle_t map;
	cmap_track_handle_t track;

	printf("cmap_initialize = %d\n", cmap_initialize(&map));
	printf("cmap_set = %d\n", cmap_set_uint32(map, "quorum.something", 3));
	printf("cmap_track_add = %d\n",
	       cmap_track_add(map, "", CMAP_TRACK_ADD | CMAP_TRACK_DELETE | CMAP_TRACK_MODIFY |
			      CMAP_TRACK_PREFIX, on_key, NULL, &track));
	printf("reopen_log_files = %d\n", corosync_cfg_reopen_log_files(handle));
	printf("reload_config = %d\n", corosync_cfg_reload_config(handle));
	printf("cmap_dispatch = %d\n", cmap_dispatch(map, CS_DISPATCH_ALL));
	printf("cmap_set = %d\n", cmap_set_uint32(map, "totem.cluster_name", 3));
	printf("reload_config = %d\n", corosync_cfg_reload_config(handle));
	printf("cmap_dispatch = %d\n", cmap_dispatch(map, CS_DISPATCH_ALL));
}

static void *ask(void *argument)
{
	corosync_cfg_handle_t *handle = argument;
	intptr_t result = corosync_cfg_try_shutdown(handle[0], (int)handle[1]);

	return (void *)result;
}

/* Dispatches until the session is asked. */
static void wait_for(int tracker)
{
	struct pollfd entry = { .events = POLLIN };

	while (asked[tracker] == 0) {
		cs_error_t result;

		corosync_cfg_fd_get(handles[tracker], &entry.fd);
		if (poll(&entry, 1, LIMIT_MS) != 1) {
			printf("no event to %d\n", tracker);
			exit(1);
		}
		result = corosync_cfg_dispatch(handles[tracker], CS_DISPATCH_ALL);
		if (result != CS_OK) {
			printf("dispatch %d = %d\n", tracker, result);
			exit(1);
		}
	}
}

/* A daemon that has agreed to end does so in its own time, and until then has its clients served. */
static void wait_for_the_end(int tracker)
{
	struct pollfd entry = { 0 };

	corosync_cfg_fd_get(handles[tracker], &entry.fd);
	if (poll(&entry, 1, LIMIT_MS) != 1) {
		printf("no end for %d\n", tracker);
		exit(1);
	}
}

static void answer(int tracker, char vote)
{
	corosync_cfg_handle_t handle = handles[tracker];

	switch (vote) {
	case 'y':
	case 'e':
		printf("%d says yes = %d\n", tracker, corosync_cfg_replyto_shutdown(handle, 1));
		break;
	case 'n':
	case 'a':
		printf("%d says no = %d\n", tracker, corosync_cfg_replyto_shutdown(handle, 0));
		break;
	case 's':
		printf("%d stops = %d\n", tracker, corosync_cfg_trackstop(handle));
		break;
	case 'f':
		printf("%d finalizes = %d\n", tracker, corosync_cfg_finalize(handle));
		break;
	}
}

static void try_shutdown(int flag, const char *votes)
{
	corosync_cfg_handle_t own[2] = { open_handle(), (corosync_cfg_handle_t)flag };
	corosync_cfg_handle_t other = open_handle();
	pthread_t thread;
	void *result;

	trackers = strlen(votes);
	for (int i = 0; i < trackers; i++) {
		handles[i] = votes[i] == 'w' ? own[0] : open_handle();
		if (votes[i] != 'e' && votes[i] != 'a') {
			printf("%d trackstart = %d\n", i, corosync_cfg_trackstart(handles[i], 0));
		}
	}
	pthread_create(&thread, NULL, ask, own);
	for (int i = 0; i < trackers; i++) {
		if (strchr("wea", votes[i]) == NULL) {
			wait_for(i);
		}
	}
	printf("another = %d\n", corosync_cfg_try_shutdown(other, 0));
	for (int i = 0; i < trackers; i++) {
		if (votes[i] == 'e') {
			printf("%d trackstart = %d\n", i, corosync_cfg_trackstart(handles[i], 0));
			wait_for(i);
		}
		answer(i, votes[i]);
	}
	pthread_join(thread, &result);
	printf("try_shutdown = %d\n", (int)(intptr_t)result);
	/* When the time is over, who has asked is told as well if it tracks, but is answered before. */
	for (int i = 0; i < trackers; i++) {
		if (votes[i] == 'w' && strchr(votes, '-') != NULL) {
			wait_for(i);
		}
	}
	for (int i = 0; i < trackers; i++) {
		if (votes[i] != 'f') {
			cs_error_t last;

			if ((intptr_t)result == CS_OK) {
				wait_for_the_end(i);
			}
			last = corosync_cfg_dispatch(handles[i], CS_DISPATCH_ALL);
			printf("dispatch %d = %d\n", i, last);
		}
	}
	if (flag == COROSYNC_CFG_SHUTDOWN_FLAG_REQUEST && (intptr_t)result != CS_OK) {
		printf("late reply = %d\n", corosync_cfg_replyto_shutdown(other, 1));
	}
}

int main(int count, char **words)
{
	const char *section = count > 1 ? words[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(section, "status") == 0) {
		status(count - 2, words + 2);
	} else if (strcmp(section, "addresses") == 0) {
		addresses(count - 2, words + 2);
	} else if (strcmp(section, "tracking") == 0) {
		tracking();
	} else if (strcmp(section, "reload") == 0) {
		reload();
	} else if (strcmp(section, "kill") == 0 && count == 4) {
		printf("kill_node = %d\n", corosync_cfg_kill_node(open_handle(),
								 strtoul(words[2], NULL, 0),
								 words[3]));
	} else if (strcmp(section, "shutdown") == 0 && count == 4) {
		try_shutdown(atoi(words[2]), words[3]);
	} else {
		printf("unknown section %s\n", section);
		return 1;
	}
	return 0;
}
