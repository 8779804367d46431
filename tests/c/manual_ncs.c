/*
 * Every example of the manual of libncssdk, on node 1 of a simulated cluster whose time passes: each
 * does what its page says.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ncssdk.h>
#include <quorate.h>

#include "examples.h"

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "line %d: %s\n", __LINE__, #what);                         \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static NCS_HANDLE here;
static int worked;

static void work(void)
{
	worked = 1;
	/* The lock is held: this says by whom. */
	report(here);
}

static void *run_callbacks(void *fd)
{
	loop(*(int *)fd);
	return NULL;
}

int main(void)
{
	const char *const options[] = {"--nodes", "3", "--pace", "real", NULL};
	quorate_t *cluster = quorate_start_with(options);
	int fd = descriptor();
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	pthread_t thread;

	setvbuf(stdout, NULL, _IOLBF, 0);
	CHECK(fd >= 0 && cluster != NULL && quorate_use_node(cluster, 1) == QUORATE_OK);
	here = join();
	CHECK(here != 0 && is_in(here, 1));
	/* The first callback is due, and is run as soon as somebody runs callbacks. */
	CHECK(poll(&ready, 1, -1) == 1);
	CHECK(pthread_create(&thread, NULL, run_callbacks, &fd) == 0);
	while (poll(&ready, 1, 0) > 0) {
		sched_yield();
	}
	CHECK(with_lock(here, work) && worked);
	CHECK(NCS_Lock(here, "volume 1", 8) == NCS_SUCCESS && give_up(here) && !give_up(here));
	CHECK(!has_database(here) && !has_pools(here));
	leave(here);
	CHECK(!is_in(here, 1));
	CHECK(quorate_stop(cluster) == QUORATE_OK);
	return 0;
}
