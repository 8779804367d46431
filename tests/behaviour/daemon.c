/* The daemon stops and dies; the harness sees to it when told. */
#include "cases.h"

#include <glob.h>
#include <signal.h>

static void timed(const char *what, cs_error_t result, int64_t since)
{
	fprintf(stderr, "%s: %" PRId64 " ms\n", what, now_ms() - since);
	printf("%s %d\n", what, result);
}

static void daemon_stopped(void)
{
	votequorum_handle_t handle = opened();
	votequorum_handle_t fresh;
	struct votequorum_info info;
	unsigned node;
	cs_error_t result;
	int64_t since;

	tell("stop");
	since = now_ms();
	timed("getinfo", info_of(handle, 0, &node), since);
	since = now_ms();
	timed("getinfo again", info_of(handle, 99, &node), since);
	since = now_ms();
	timed("initialize", votequorum_initialize(&fresh, NULL), since);
	tell("continue");
	/* Answers to the calls that gave up are on their way; none may be taken for this one's. */
	do {
		result = votequorum_trackstop(handle);
	} while (result == CS_ERR_TIMEOUT);
	printf("trackstop %d\n", result);
	memset(&info, 0, sizeof(info));
	printf("getinfo %d", votequorum_getinfo(handle, 0, &info));
	printf(" node %u\n", info.node_id);
	printf("getinfo of nobody %d\n", info_of(handle, 99, &node));
	printf("finalize %d\n", votequorum_finalize(handle));
}

static void *ask_once(void *argument)
{
	unsigned node;

	(void)argument;
	entered = gettid();
	return (void *)(intptr_t)info_of(shared, 0, &node);
}

/* The harness stops the daemon, so that the call is in flight, and kills it then. */
static void daemon_killed_in_flight(void)
{
	pthread_t thread;
	void *result;
	int64_t since;

	shared = opened();
	tell("stop");
	pthread_create(&thread, NULL, ask_once, NULL);
	wait_asleep();
	tell("kill");
	since = now_ms();
	pthread_join(thread, &result);
	timed("getinfo", (cs_error_t)(intptr_t)result, since);
	printf("finalize %d\n", votequorum_finalize(shared));
}

static void daemon_killed_idle(void)
{
	pthread_t thread;
	void *result;
	int64_t since;
	int fd;
	struct pollfd ready = {.events = POLLIN};

	shared = opened();
	votequorum_fd_get(shared, &fd);
	pthread_create(&thread, NULL, dispatch_blocking, NULL);
	wait_asleep();
	tell("kill");
	since = now_ms();
	pthread_join(thread, &result);
	timed("dispatch", (cs_error_t)(intptr_t)result, since);
	ready.fd = fd;
	printf("poll %d", poll(&ready, 1, 0));
	printf(" hangup %d\n", (ready.revents & POLLHUP) != 0);
	printf("getinfo %d", usable(shared));
	printf(" dispatch %d", votequorum_dispatch(shared, CS_DISPATCH_ALL));
	printf(" finalize %d\n", votequorum_finalize(shared));
}

/* SIGPIPE has its default action here, which ends a process that writes to a dead socket. */
static void no_sigpipe(void)
{
	votequorum_handle_t handle = opened();
	unsigned node;

	signal(SIGPIPE, SIG_DFL);
	tell("kill");
	printf("getinfo %d\n", info_of(handle, 0, &node));
}

static void daemon_killed_with_events(void)
{
	votequorum_handle_t handle = opened();

	printf("%d\n", votequorum_trackstart(handle, 0, CS_TRACK_CURRENT));
	tell("kill");
	printf("dispatch %d\n", votequorum_dispatch(handle, CS_DISPATCH_ALL));
	printf("again %d\n", votequorum_dispatch(handle, CS_DISPATCH_ALL));
}

/* The directory of a connection is named after the daemon, the client and a descriptor. */
static void daemon_killed_files(void)
{
	votequorum_handle_t handle = opened();
	char pattern[64];
	glob_t found;
	size_t before;

	snprintf(pattern, sizeof(pattern), "/dev/shm/qb-*-%d-*", (int)getpid());
	glob(pattern, 0, NULL, &found);
	before = found.gl_pathc;
	globfree(&found);
	tell("kill");
	printf("finalize %d", votequorum_finalize(handle));
	glob(pattern, 0, NULL, &found);
	printf(" directories %zu then %zu\n", before, found.gl_pathc);
	globfree(&found);
}

const struct one_case daemon_cases[] = {
	CASE(daemon_stopped),
	CASE(daemon_killed_in_flight),
	CASE(daemon_killed_idle),
	CASE(daemon_killed_with_events),
	CASE(daemon_killed_files),
	CASE(no_sigpipe),
	END,
};
