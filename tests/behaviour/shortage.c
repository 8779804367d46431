/* The system has no memory for the byte that announces a request; later it has. */
#include "../c/common.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static int shortage;

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
	if (shortage && size == 1) {
		errno = ENOBUFS;
		return -1;
	}
	return syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);
}

int main(void)
{
	votequorum_handle_t handle;
	struct votequorum_info info;
	cs_error_t result;

	start();
	printf("initialize %d\n", votequorum_initialize(&handle, NULL));
	shortage = 1;
	printf("getinfo %d\n", votequorum_getinfo(handle, 0, &info));
	shortage = 0;
	do {
		result = votequorum_getinfo(handle, 99, &info);
	} while (result == CS_ERR_TIMEOUT);
	printf("getinfo of nobody %d\n", result);
	printf("getinfo %d", votequorum_getinfo(handle, 0, &info));
	printf(" node %u\n", info.node_id);
	return 0;
}
