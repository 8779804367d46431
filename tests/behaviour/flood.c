/* The daemon sends events for as long as anybody takes them. */
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

int main(void)
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
