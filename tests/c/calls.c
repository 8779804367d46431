/*
 * Every function of the library, with its successes and its errors, on a running cluster.
 * Usage: calls SECTION...; the cluster is left as it was found.
 */
#include "calls.h"

#define FAR_NODE 99

votequorum_handle_t handle;

votequorum_handle_t open_handle(votequorum_callbacks_t *callbacks)
{
	votequorum_handle_t fresh = 0;
	cs_error_t result = votequorum_initialize(&fresh, callbacks);

	if (result != CS_OK) {
		printf("initialize = %d\n", result);
		exit(1);
	}
	return fresh;
}

struct votequorum_info ask(unsigned node)
{
	struct votequorum_info info;
	cs_error_t result;

	memset(&info, 0, sizeof(info));
	result = votequorum_getinfo(handle, node, &info);
	printf("getinfo(%u) = ", node);
	print_info(result, &info);
	return info;
}

static short readable(votequorum_handle_t which)
{
	struct pollfd entry = { .events = POLLIN };

	if (votequorum_fd_get(which, &entry.fd) != CS_OK || poll(&entry, 1, 0) < 0) {
		return -1;
	}
	return entry.revents;
}

static void bad_handle(const char *which, votequorum_handle_t bad)
{
	votequorum_ring_id_t ring = { .nodeid = 1, .seq = 4 };
	struct votequorum_info info;
	void *context = NULL;
	int fd;

	printf("%s handle:\n", which);
	printf("dispatch = %d\n", votequorum_dispatch(bad, CS_DISPATCH_ALL));
	printf("dispatch(77) = %d\n", votequorum_dispatch(bad, 77));
	printf("fd_get = %d\n", votequorum_fd_get(bad, &fd));
	printf("getinfo = %d\n", votequorum_getinfo(bad, 0, &info));
	printf("setexpected = %d\n", votequorum_setexpected(bad, 1));
	printf("setvotes = %d\n", votequorum_setvotes(bad, 1, 1));
	printf("trackstart = %d\n", votequorum_trackstart(bad, 1, CS_TRACK_CHANGES));
	printf("trackstop = %d\n", votequorum_trackstop(bad));
	printf("context_get = %d\n", votequorum_context_get(bad, &context));
	printf("context_set = %d\n", votequorum_context_set(bad, &fd));
	printf("qdevice_register = %d\n", votequorum_qdevice_register(bad, "a"));
	printf("qdevice_unregister = %d\n", votequorum_qdevice_unregister(bad, "a"));
	printf("qdevice_update = %d\n", votequorum_qdevice_update(bad, "a", "b"));
	printf("qdevice_poll = %d\n", votequorum_qdevice_poll(bad, "a", 1, ring));
	printf("qdevice_master_wins = %d\n", votequorum_qdevice_master_wins(bad, "a", 1));
	printf("finalize = %d\n", votequorum_finalize(bad));
}

static void handles(void)
{
	votequorum_handle_t second = open_handle(&all_callbacks);
	votequorum_handle_t third = open_handle(NULL);
	votequorum_handle_t again;

	printf("slots %u %u, different %d, check set %d %d\n", (unsigned)second, (unsigned)third,
	       second != third, second >> 32 != 0, third >> 32 != 0);
	printf("top bit of check %d %d\n", (int)(second >> 63), (int)(third >> 63));
	printf("finalize = %d\n", votequorum_finalize(second));
	again = open_handle(&all_callbacks);
	printf("slot used again %d, same handle %d\n", (unsigned)again == (unsigned)second,
	       again == second);
	bad_handle("zero", 0);
	bad_handle("finalized", second);
	bad_handle("other check", third ^ (UINT64_C(1) << 32));
	bad_handle("far slot", third + 1000);
	bad_handle("negative slot", third | UINT64_C(0x80000000));
	printf("finalize = %d\n", votequorum_finalize(third));
	printf("finalize = %d\n", votequorum_finalize(third));
	printf("finalize = %d\n", votequorum_finalize(again));
}

static void contexts(void)
{
	static int first, second;
	votequorum_handle_t other = open_handle(NULL);
	void *context = &first;

	printf("context_get = %d", votequorum_context_get(other, &context));
	printf(" null %d\n", context == NULL);
	printf("context_set = %d\n", votequorum_context_set(other, &second));
	printf("context_get = %d", votequorum_context_get(other, &context));
	printf(" same %d\n", context == &second);
	printf("context_set(NULL) = %d\n", votequorum_context_set(other, NULL));
	printf("context_get = %d", votequorum_context_get(other, &context));
	printf(" null %d\n", context == NULL);
	votequorum_finalize(other);
}

static void infos(void)
{
	static const unsigned nodes[] = { 0, 1, 2, 3, 4, FAR_NODE, 0x7fffffff, 0xffffffff };

	for (unsigned i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		ask(nodes[i]);
	}
}

static void track_with(unsigned flags)
{
	votequorum_handle_t other = open_handle(&all_callbacks);

	printf("trackstart(%u) = %d\n", flags,
	       votequorum_trackstart(other, 0x1122334455667788, flags));
	printf("readable %d\n", readable(other));
	printf("dispatch(ALL) = %d\n", votequorum_dispatch(other, CS_DISPATCH_ALL));
	printf("readable %d\n", readable(other));
	printf("again trackstart(%u) = %d\n", flags, votequorum_trackstart(other, 2, flags));
	printf("dispatch(ALL) = %d\n", votequorum_dispatch(other, CS_DISPATCH_ALL));
	printf("trackstop = %d\n", votequorum_trackstop(other));
	printf("trackstop = %d\n", votequorum_trackstop(other));
	printf("trackstart(%u) = %d\n", flags, votequorum_trackstart(other, 3, flags));
	printf("finalize with events waiting = %d\n", votequorum_finalize(other));
}

static void finalize_inside(votequorum_handle_t which, uint64_t context,
			    votequorum_ring_id_t ring, uint32_t entries, uint32_t list[])
{
	on_nodes(which, context, ring, entries, list);
	printf("  finalize = %d\n", votequorum_finalize(which));
}

static void getinfo_inside(votequorum_handle_t which, uint64_t context, uint32_t quorate,
			   uint32_t entries, votequorum_node_t list[])
{
	struct votequorum_info info;

	on_quorum(which, context, quorate, entries, list);
	printf("  getinfo = ");
	print_info(votequorum_getinfo(which, 0, &info), &info);
}

static void dispatches(void)
{
	static const int flags[] = { 0, 5, 77, -1 };
	votequorum_callbacks_t only_quorum = { .votequorum_quorum_notify_fn = getinfo_inside };
	votequorum_callbacks_t ending = all_callbacks;
	votequorum_handle_t other = open_handle(&all_callbacks);

	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		printf("dispatch(%d) = %d\n", flags[i], votequorum_dispatch(other, flags[i]));
	}
	printf("dispatch(ALL) = %d\n", votequorum_dispatch(other, CS_DISPATCH_ALL));
	printf("dispatch(NONBLOCKING) = %d\n",
	       votequorum_dispatch(other, CS_DISPATCH_ONE_NONBLOCKING));
	printf("trackstart = %d\n", votequorum_trackstart(other, 5, CS_TRACK_CHANGES));
	printf("dispatch(ONE) = %d\n", votequorum_dispatch(other, CS_DISPATCH_ONE));
	printf("dispatch(NONBLOCKING) = %d\n",
	       votequorum_dispatch(other, CS_DISPATCH_ONE_NONBLOCKING));
	printf("dispatch(NONBLOCKING) = %d\n",
	       votequorum_dispatch(other, CS_DISPATCH_ONE_NONBLOCKING));
	votequorum_finalize(other);

	ending.votequorum_nodelist_notify_fn = finalize_inside;
	for (int flag = CS_DISPATCH_ONE; flag <= CS_DISPATCH_ONE_NONBLOCKING; flag++) {
		other = open_handle(&ending);
		votequorum_trackstart(other, 6, CS_TRACK_CURRENT);
		printf("finalized inside dispatch(%d) = %d\n", flag,
		       votequorum_dispatch(other, flag));
	}

	other = open_handle(&only_quorum);
	votequorum_trackstart(other, 7, CS_TRACK_CURRENT);
	printf("only one callback: dispatch(ONE) = %d\n",
	       votequorum_dispatch(other, CS_DISPATCH_ONE));
	votequorum_finalize(other);
	other = open_handle(NULL);
	votequorum_trackstart(other, 8, CS_TRACK_CURRENT);
	printf("no callbacks: dispatch(ALL) = %d\n", votequorum_dispatch(other, CS_DISPATCH_ALL));
	printf("readable %d\n", readable(other));
	votequorum_finalize(other);
}

/*
 * A change is in force some time after the daemon has agreed to it: when its message has been
 * around the ring. A device's registration is answered only when it has been around itself, so
 * after one all earlier changes are in force and their events queued.
 */
static void settle(void)
{
	if (votequorum_qdevice_register(handle, "fence") != CS_OK ||
	    remove_device("fence") != CS_OK) {
		printf("cannot wait for changes\n");
	}
	printf("dispatch(ALL) = %d\n", votequorum_dispatch(handle, CS_DISPATCH_ALL));
}

static cs_error_t expect(unsigned votes)
{
	cs_error_t result;

	last_expected_event = 0;
	result = votequorum_setexpected(handle, votes);
	printf("setexpected(%u) = %d\n", votes, result);
	while (result == CS_OK && last_expected_event == 0) {
		printf("dispatch(ONE) = %d\n", votequorum_dispatch(handle, CS_DISPATCH_ONE));
	}
	return result;
}

static void expectations(void)
{
	unsigned before = ask(0).highest_expected;
	unsigned values[] = { 0, 1, before - 1, before, before + 1, before, 100 };

	votequorum_trackstart(handle, 9, CS_TRACK_CHANGES_ONLY);
	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (expect(values[i]) == CS_OK) {
			ask(0);
			printf("dispatch(ALL) = %d\n",
			       votequorum_dispatch(handle, CS_DISPATCH_ALL));
		}
	}
	expect(before);
	ask(0);
	printf("trackstop = %d\n", votequorum_trackstop(handle));
}

static void try_votes(unsigned node, unsigned votes)
{
	printf("setvotes(%u, %u) = %d\n", node, votes, votequorum_setvotes(handle, node, votes));
}

/* Needs at least two members: a single node's votes could not be lowered again. */
static void votes(void)
{
	unsigned before = ask(0).highest_expected;

	votequorum_trackstart(handle, 10, CS_TRACK_CHANGES_ONLY);
	try_votes(FAR_NODE, 1);
	try_votes(2, 2);
	settle();
	ask(2);
	ask(0);
	try_votes(2, 1);
	settle();
	expect(before);
	try_votes(1, 0);
	settle();
	ask(1);
	try_votes(2, 0);
	try_votes(1, 1);
	settle();
	ask(0);
	printf("trackstop = %d\n", votequorum_trackstop(handle));
}

static void tracking(void)
{
	for (unsigned flags = 0; flags <= 8; flags++) {
		track_with(flags);
	}
	track_with(0xff);
}

static const struct {
	const char *name;
	void (*run)(void);
} sections[] = {
	{ "handles", handles },		  { "contexts", contexts }, { "infos", infos },
	{ "tracking", tracking },	  { "votes", votes },	    { "dispatches", dispatches },
	{ "expectations", expectations }, { "device", device },
};

int main(int count, char *arguments[])
{
	start();
	handle = open_handle(&all_callbacks);
	for (int i = 1; i < count; i++) {
		printf("--- %s\n", arguments[i]);
		for (unsigned j = 0; j < sizeof(sections) / sizeof(sections[0]); j++) {
			if (strcmp(arguments[i], sections[j].name) == 0) {
				sections[j].run();
			}
		}
	}
	printf("finalize = %d\n", votequorum_finalize(handle));
	return 0;
}
