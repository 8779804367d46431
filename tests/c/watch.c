/*
 * Tracks the cluster and prints every callback, until it is killed or the daemon is gone.
 * Usage: watch blocking | one | poll
 */
#include "common.h"

static int watch(votequorum_handle_t handle, const char *how)
{
	struct pollfd entry = { .events = POLLIN };
	cs_error_t result = votequorum_fd_get(handle, &entry.fd);

	if (strcmp(how, "blocking") == 0) {
		return votequorum_dispatch(handle, CS_DISPATCH_BLOCKING);
	}
	while (result == CS_OK) {
		if (strcmp(how, "one") == 0) {
			result = votequorum_dispatch(handle, CS_DISPATCH_ONE);
		} else if (poll(&entry, 1, -1) == 1) {
			result = votequorum_dispatch(handle, CS_DISPATCH_ALL);
		}
	}
	return result;
}

int main(int count, char *arguments[])
{
	votequorum_handle_t handle;
	cs_error_t result;

	start();
	result = votequorum_initialize(&handle, &all_callbacks);
	if (result == CS_OK && count == 2) {
		result = votequorum_trackstart(handle, 0xabcdef, CS_TRACK_CHANGES);
	}
	if (result != CS_OK || count != 2) {
		printf("no tracking: %d\n", result);
		return 1;
	}
	printf("tracking\n");
	printf("dispatch = %d\n", watch(handle, arguments[1]));
	printf("finalize = %d\n", votequorum_finalize(handle));
	return 0;
}
