/*
 * Memory runs out at each allocation of votequorum_initialize() in turn, and then for good. The
 * program's own malloc() serves the library as well.
 * Usage: memory [again] [alone]: not in the first connection of the process, but in later ones; each
 * allocation fails alone.
 */
#include "../c/common.h"
#include "descriptors.h"
#include "failing.h"

static unsigned seen;

static void count_quorum(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
			 uint32_t entries, votequorum_node_t list[])
{
	(void)handle, (void)context, (void)quorate, (void)entries, (void)list;
	seen++;
}

int main(int count, char **arguments)
{
	votequorum_callbacks_t callbacks = {.votequorum_quorum_notify_fn = count_quorum};
	votequorum_handle_t handle;
	struct votequorum_info info;
	cs_error_t result;
	long allocations = 0;
	unsigned refusals = 0;
	int before;

	is_of_program = 1;
	start();
	printf("lines are buffered now\n");
	only_one = strcmp(arguments[count - 1], "alone") == 0;
	if (count > 1 && strcmp(arguments[1], "again") == 0) {
		printf("again");
		printf(" %d", votequorum_initialize(&handle, &callbacks));
		printf(" %d\n", votequorum_finalize(handle));
	}
	before = descriptors();
	for (;; allocations++) {
		failed = 0;
		countdown = allocations;
		result = votequorum_initialize(&handle, &callbacks);
		countdown = -1;
		if (failed == 0) {
			break;
		}
		refusals |= 1u << result;
		if (result == CS_OK) {
			votequorum_finalize(handle);
		}
		if (descriptors() != before) {
			printf("allocation %ld: %d descriptors\n", allocations,
			       descriptors() - before);
			return 0;
		}
	}
	printf("some allocations %d, refused with", allocations > 3);
	for (int code = 0; code < 32; code++) {
		if (refusals & 1u << code) {
			printf(" %d", code);
		}
	}
	printf(", initialize %d\n", result);
	if (result != CS_OK) {
		return 0;
	}
	only_one = 0;
	countdown = 0;
	failed = 0;
	int results[] = {
		votequorum_getinfo(handle, 0, &info),
		votequorum_trackstart(handle, 0, CS_TRACK_CHANGES),
		votequorum_dispatch(handle, CS_DISPATCH_ALL),
		votequorum_setvotes(handle, 99, 1),
		votequorum_qdevice_register(handle, "device"),
		votequorum_qdevice_unregister(handle, "device"),
		votequorum_trackstop(handle),
		votequorum_finalize(handle),
	};
	countdown = -1;
	printf("without memory:");
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		printf(" %d", results[i]);
	}
	printf(", %u events, %ld allocations\n", seen, failed);
	return 0;
}
