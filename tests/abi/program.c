/* Refers to all functions, so that every one of them is bound at the start; prints what an
 * unknown handle gives with each. Compiles as C99 to C23 and as C++. */
#include <stdio.h>
#include <corosync/votequorum.h>

int main(void)
{
	votequorum_handle_t handle = 7;
	votequorum_ring_id_t ring = {1, 2};
	struct votequorum_info info;
	void *context;
	int fd;

	printf("%d", votequorum_initialize(NULL, NULL));
	printf(" %d", votequorum_dispatch(handle, CS_DISPATCH_ALL));
	printf(" %d", votequorum_fd_get(handle, &fd));
	printf(" %d", votequorum_getinfo(handle, 0, &info));
	printf(" %d", votequorum_setexpected(handle, 1));
	printf(" %d", votequorum_setvotes(handle, 1, 1));
	printf(" %d", votequorum_trackstart(handle, 0, CS_TRACK_CHANGES));
	printf(" %d", votequorum_trackstop(handle));
	printf(" %d", votequorum_context_get(handle, &context));
	printf(" %d", votequorum_context_set(handle, NULL));
	printf(" %d", votequorum_qdevice_register(handle, "x"));
	printf(" %d", votequorum_qdevice_unregister(handle, "x"));
	printf(" %d", votequorum_qdevice_update(handle, "x", "y"));
	printf(" %d", votequorum_qdevice_poll(handle, "x", 1, ring));
	printf(" %d", votequorum_qdevice_master_wins(handle, "x", 1));
	printf(" %d\n", votequorum_finalize(handle));
	return 0;
}
