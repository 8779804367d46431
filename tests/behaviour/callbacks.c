/* What a callback may do, and how a thread may end. */
#include "cases.h"

#include <malloc.h>

static votequorum_handle_t other;
static int depth;

static void finalizing(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t ring,
		       uint32_t entries, uint32_t list[])
{
	(void)context, (void)ring, (void)entries, (void)list;
	printf("finalize %d ", votequorum_finalize(handle));
}

static void finalize_in_callback(void)
{
	votequorum_callbacks_t callbacks = {on_quorum, on_expected, finalizing};
	votequorum_handle_t handle;

	votequorum_initialize(&handle, &callbacks);
	votequorum_trackstart(handle, 0, CS_TRACK_CURRENT);
	printf("dispatch %d\n", votequorum_dispatch(handle, CS_DISPATCH_ALL));
}

static void inner_quorum(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
			 uint32_t entries, votequorum_node_t list[])
{
	(void)handle, (void)context, (void)quorate, (void)entries, (void)list;
	printf("quorum at depth %d, ", depth);
}

/* Everything from inside a callback: this handle, another one, a new one, a nested dispatch. */
static void calls_all(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t ring,
		      uint32_t entries, uint32_t list[])
{
	votequorum_handle_t fresh;
	unsigned node;
	void *pointer;
	int fd;

	(void)context, (void)ring, (void)entries, (void)list;
	depth++;
	printf("%d", info_of(handle, 0, &node));
	printf(" %d", info_of(other, 0, &node));
	printf(" %d", votequorum_context_get(handle, &pointer));
	printf(" %d", votequorum_fd_get(handle, &fd));
	printf(" %d", votequorum_initialize(&fresh, NULL));
	printf(" %d", votequorum_finalize(fresh));
	printf(" %d", votequorum_setvotes(handle, 99, 1));
	printf(" %d, ", votequorum_trackstop(handle));
	printf("nested %d, ", votequorum_dispatch(handle, CS_DISPATCH_ONE));
	depth--;
}

static void callbacks_may_call_all(void)
{
	votequorum_callbacks_t callbacks = {inner_quorum, NULL, calls_all};
	votequorum_handle_t handle;

	other = opened();
	votequorum_initialize(&handle, &callbacks);
	votequorum_trackstart(handle, 0, CS_TRACK_CHANGES);
	printf("dispatch %d", votequorum_dispatch(handle, CS_DISPATCH_ONE));
	printf(" %d\n", votequorum_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
}

/* Calls of trackstart, each with a context of its own and two events. */
#define BURST 6000

static unsigned long in_order, out_of_order;

static void counted_in_order(uint64_t context)
{
	if (context == in_order / 2 + 1) {
		in_order++;
	} else {
		out_of_order++;
	}
}

static void count_quorum(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
			 uint32_t entries, votequorum_node_t list[])
{
	(void)handle, (void)quorate, (void)entries, (void)list;
	counted_in_order(context);
}

static void count_nodes(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t ring,
			uint32_t entries, uint32_t list[])
{
	(void)handle, (void)ring, (void)entries, (void)list;
	counted_in_order(context);
}

/* Whether the program has 256 KiB more than before. */
static const char *more_than(size_t before)
{
	struct mallinfo2 memory = mallinfo2();

	return memory.uordblks + memory.hblkhd > before + 262144 ? "kept" : "not kept";
}

/* More than the rings of ours hold, and more than a program of ours keeps. */
static void burst_of_events(void)
{
	votequorum_callbacks_t callbacks = {count_quorum, NULL, count_nodes};
	struct pollfd ready = {.events = POLLIN};
	struct mallinfo2 memory;
	votequorum_handle_t handle;
	size_t before;

	votequorum_initialize(&handle, &callbacks);
	votequorum_fd_get(handle, &ready.fd);
	memory = mallinfo2();
	before = memory.uordblks + memory.hblkhd;
	for (uint64_t context = 1; context <= BURST; context++) {
		if (votequorum_trackstart(handle, context, CS_TRACK_CURRENT) != CS_OK) {
			printf("trackstart failed\n");
			return;
		}
	}
	printf("%s, ", more_than(before));
	while (in_order < 9 && votequorum_dispatch(handle, CS_DISPATCH_ONE) == CS_OK) {
	}
	printf("%lu by one, then readable %d", in_order, poll(&ready, 1, -1));
	while (in_order + out_of_order < 2 * BURST && poll(&ready, 1, -1) == 1 &&
	       votequorum_dispatch(handle, CS_DISPATCH_ALL) == CS_OK) {
	}
	printf(", in order %lu, not %lu", in_order, out_of_order);
	printf(", %s", more_than(before));
	printf(", then %d", votequorum_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	printf(", readable %d, usable %d\n", poll(&ready, 1, 0), usable(handle));
}

static void *cancelled(void *argument)
{
	(void)argument;
	entered = gettid();
	votequorum_dispatch(shared, CS_DISPATCH_BLOCKING);
	return NULL;
}

static void cancel_in_dispatch(void)
{
	pthread_t thread;
	void *result;

	shared = opened();
	pthread_create(&thread, NULL, cancelled, NULL);
	wait_asleep();
	pthread_cancel(thread);
	pthread_join(thread, &result);
	printf("%s", result == PTHREAD_CANCELED ? "cancelled" : "returned");
	printf(" usable %d", usable(shared));
	printf(" finalize %d\n", votequorum_finalize(shared));
}

static void *asks_when_cancelled(void *argument)
{
	unsigned node;

	pthread_cancel(pthread_self());
	*(cs_error_t *)argument = info_of(shared, 0, &node);
	pthread_testcancel();
	return NULL;
}

static void cancel_pending_in_call(void)
{
	pthread_t thread;
	cs_error_t answer = 0;
	void *result;

	shared = opened();
	pthread_create(&thread, NULL, asks_when_cancelled, &answer);
	pthread_join(thread, &result);
	printf("getinfo %d, %s", answer, result == PTHREAD_CANCELED ? "cancelled" : "returned");
	printf(", usable %d\n", usable(shared));
}

const struct one_case callback_cases[] = {
	CASE(finalize_in_callback),
	CASE(callbacks_may_call_all),
	CASE(burst_of_events),
	CASE(cancel_in_dispatch),
	CASE(cancel_pending_in_call),
	END,
};
