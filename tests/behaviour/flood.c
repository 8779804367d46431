/*
 * The daemon sends events for as long as anybody takes them. With an argument they are of a kind that
 * nobody knows.
 */
#include "../c/common.h"

/* Most that one call delivers. */
#define MOST 16384

static unsigned long events;

static void count_nodes(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t ring,
			uint32_t entries, uint32_t list[])
{
	(void)handle, (void)context, (void)ring, (void)entries, (void)list;
	events++;
	/* Longer than the daemon needs for the next one. */
	usleep(50);
}

/* How often a call may look. */
#define LOOKS 100

static int is_slow, looks;

/* The library's as well: while it looks for events, the daemon sends more of them. */
int poll(struct pollfd *fds, nfds_t count, int limit)
{
	struct timespec time = {limit / 1000, limit % 1000 * 1000000L};

	if (is_slow) {
		usleep(20000);
		if (looks++ == LOOKS) {
			printf(", without end\n");
			exit(1);
		}
	}
	return ppoll(fds, count, limit < 0 ? NULL : &time, NULL);
}

static int unknown(votequorum_handle_t handle)
{
	printf("trackstart %d", votequorum_trackstart(handle, 7, CS_TRACK_CHANGES));
	is_slow = 1;
	printf(", dispatch %d", votequorum_dispatch(handle, CS_DISPATCH_ALL));
	printf(" after %lu events", events);
	printf(", then %d", votequorum_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	printf(", finalize %d\n", votequorum_finalize(handle));
	return 0;
}

int main(int count, char **arguments)
{
	votequorum_callbacks_t callbacks = {.votequorum_nodelist_notify_fn = count_nodes};
	struct pollfd ready = {.events = POLLIN};
	votequorum_handle_t handle;
	cs_error_t result;

	start();
	alarm(240);
	if (votequorum_initialize(&handle, &callbacks) != CS_OK) {
		return 1;
	}
	if (strcmp(arguments[count - 1], "unknown") == 0) {
		return unknown(handle);
	}
	printf("trackstart %d", votequorum_trackstart(handle, 7, CS_TRACK_CHANGES));
	/* On a busy machine the daemon may not keep up. */
	do {
		events = 0;
		result = votequorum_dispatch(handle, CS_DISPATCH_ALL);
	} while (result == CS_OK && events < MOST);
	printf(", dispatch %d after %lu events", result, events);
	votequorum_fd_get(handle, &ready.fd);
	printf(", more to come %d", poll(&ready, 1, 10000));
	printf(", finalize %d\n", votequorum_finalize(handle));
	return 0;
}
