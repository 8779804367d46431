/*
 * The socket on which a request is announced stays full, as that of a stopped daemon: does the call
 * wait, or does it try all the time?
 */
#include "../c/common.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static atomic_int full, returned;

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
	if (full && size == 1) {
		errno = EAGAIN;
		return -1;
	}
	return syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);
}

/* Half a second of processor time is more than the whole program takes otherwise. */
static void *watch(void *caller)
{
	struct timespec used = {0, 0}, tick = {0, 1000000};
	clockid_t clock;

	pthread_getcpuclockid(*(pthread_t *)caller, &clock);
	while (!returned && used.tv_sec == 0 && used.tv_nsec < 500000000) {
		nanosleep(&tick, NULL);
		clock_gettime(clock, &used);
	}
	printf("%s\n", returned ? "waited" : "spun");
	full = 0;
	return NULL;
}

int main(void)
{
	votequorum_handle_t handle;
	struct votequorum_info info;
	pthread_t watcher, caller = pthread_self();
	cs_error_t result;

	start();
	printf("initialize %d\n", votequorum_initialize(&handle, NULL));
	full = 1;
	pthread_create(&watcher, NULL, watch, &caller);
	result = votequorum_getinfo(handle, 0, &info);
	returned = 1;
	pthread_join(watcher, NULL);
	printf("getinfo %d\n", result);
	return 0;
}
