/*
 * One case per run: what a host program does to the library, and what comes of it. Each prints
 * one line; the harness runs it with both libraries and knows what each is expected to do.
 */
#include "../c/common.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

static votequorum_handle_t opened(void)
{
	votequorum_handle_t handle;
	cs_error_t result = votequorum_initialize(&handle, &all_callbacks);

	if (result != CS_OK) {
		printf("initialize %d\n", result);
		exit(1);
	}
	return handle;
}

static cs_error_t info_of(votequorum_handle_t handle, unsigned node, unsigned *answered)
{
	struct votequorum_info info;
	cs_error_t result;

	memset(&info, 0, sizeof(info));
	result = votequorum_getinfo(handle, node, &info);
	*answered = info.node_id;
	return result;
}

static int usable(votequorum_handle_t handle)
{
	unsigned node;

	return info_of(handle, 0, &node) == CS_OK && node == 1;
}

/* --- arguments --- */

static void null_handle(void)
{
	printf("%d\n", votequorum_initialize(NULL, &all_callbacks));
}

static void null_callbacks(void)
{
	votequorum_handle_t handle;

	printf("%d", votequorum_initialize(&handle, NULL));
	printf(" %d", votequorum_trackstart(handle, 0, CS_TRACK_CURRENT));
	printf(" %d\n", votequorum_dispatch(handle, CS_DISPATCH_ALL));
}

static void null_members(void)
{
	votequorum_callbacks_t none = {NULL, NULL, NULL};
	votequorum_handle_t handle;

	printf("%d", votequorum_initialize(&handle, &none));
	printf(" %d", votequorum_trackstart(handle, 0, CS_TRACK_CURRENT));
	printf(" %d", votequorum_dispatch(handle, CS_DISPATCH_ONE));
	printf(" %d", votequorum_dispatch(handle, CS_DISPATCH_ONE));
	printf(" %d\n", votequorum_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
}

static void null_info(void)
{
	printf("%d\n", votequorum_getinfo(opened(), 0, NULL));
}

static void null_fd(void)
{
	printf("%d\n", votequorum_fd_get(opened(), NULL));
}

static void null_context(void)
{
	printf("%d\n", votequorum_context_get(opened(), NULL));
}

static void null_register(void)
{
	printf("%d\n", votequorum_qdevice_register(opened(), NULL));
}

static void null_unregister(void)
{
	printf("%d\n", votequorum_qdevice_unregister(opened(), NULL));
}

static void null_update_old(void)
{
	printf("%d\n", votequorum_qdevice_update(opened(), NULL, "x"));
}

static void null_update_new(void)
{
	printf("%d\n", votequorum_qdevice_update(opened(), "x", NULL));
}

static void null_poll(void)
{
	votequorum_ring_id_t ring = {1, 1};

	printf("%d\n", votequorum_qdevice_poll(opened(), NULL, 1, ring));
}

static void null_master_wins(void)
{
	printf("%d\n", votequorum_qdevice_master_wins(opened(), NULL, 1));
}

static void failure_writes_nothing(void)
{
	struct votequorum_info info, before;
	votequorum_handle_t handle = opened();
	votequorum_handle_t bad = handle ^ 1;
	int fd = -7;
	void *context = &fd;

	memset(&info, 0xa5, sizeof(info));
	before = info;
	printf("%d", votequorum_getinfo(handle, 99, &info));
	printf(" %s", memcmp(&info, &before, sizeof(info)) ? "written" : "untouched");
	printf(" %d", votequorum_fd_get(bad, &fd));
	printf(" %s", fd == -7 ? "untouched" : "written");
	printf(" %d", votequorum_context_get(bad, &context));
	printf(" %s\n", context == &fd ? "untouched" : "written");
}

/* Run where no daemon is: the socket's namespace is another one. */
static void no_daemon_writes_nothing(void)
{
	votequorum_handle_t handle = 0x1234;

	printf("%d", votequorum_initialize(&handle, &all_callbacks));
	printf(" %s\n", handle == 0x1234 ? "untouched" : "written");
}

static void no_wildcard(void)
{
	votequorum_handle_t handle = opened();
	unsigned node;

	printf("%s", handle >> 63 == 0 && handle >> 32 != 0 && (uint32_t)handle == 0 ? "shape" : "no");
	printf(" %d\n", info_of(handle | 0xffffffff00000000ULL, 0, &node));
}

static void random_is_left_alone(void)
{
	long expected, got;

	srandom(4711);
	expected = random();
	srandom(4711);
	votequorum_finalize(opened());
	got = random();
	printf("%s\n", got == expected ? "same" : "shifted");
}

/* --- threads --- */

static votequorum_handle_t shared;
static volatile int wrong;

static void *ask(void *argument)
{
	unsigned node = *(unsigned *)argument;

	for (int i = 0; i < 20000; i++) {
		unsigned answered;
		cs_error_t result = info_of(shared, node, &answered);

		if (node == 0 ? result != CS_OK || answered != 1 : result != CS_ERR_NOT_EXIST) {
			__sync_fetch_and_add(&wrong, 1);
		}
	}
	return NULL;
}

static void two_threads(void)
{
	pthread_t threads[2];
	unsigned nodes[2] = {0, 99};

	shared = opened();
	for (int i = 0; i < 2; i++) {
		pthread_create(&threads[i], NULL, ask, &nodes[i]);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
	}
	fprintf(stderr, "wrong answers: %d of 40000\n", wrong);
	printf("%s\n", wrong ? "wrong answers" : "right answers");
}

static volatile int entered;

static void *dispatch_blocking(void *argument)
{
	(void)argument;
	entered = gettid();
	return (void *)(intptr_t)votequorum_dispatch(shared, CS_DISPATCH_BLOCKING);
}

/* Until the thread that has set `entered` sleeps in the kernel. */
static void wait_asleep(void)
{
	struct timespec tick = {0, 1000000};
	char path[64], state = 0;

	while (state != 'S') {
		nanosleep(&tick, NULL);
		if (entered == 0) {
			continue;
		}
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", entered);
		FILE *file = fopen(path, "r");
		if (file == NULL || fscanf(file, "%*d (%*[^)]) %c", &state) != 1) {
			state = 0;
		}
		if (file != NULL) {
			fclose(file);
		}
	}
}

static void finalize_wakes(void)
{
	pthread_t thread;
	void *result;

	shared = opened();
	pthread_create(&thread, NULL, dispatch_blocking, NULL);
	wait_asleep();
	printf("finalize %d", votequorum_finalize(shared));
	fflush(stdout);
	pthread_join(thread, &result);
	printf(" dispatch %d\n", (int)(intptr_t)result);
}

static void *with_small_stack(void *argument)
{
	votequorum_handle_t handle = opened();
	unsigned node;
	char name[8] = "device";
	votequorum_ring_id_t ring = {1, 1};

	(void)argument;
	printf("%d", votequorum_trackstart(handle, 0, CS_TRACK_CURRENT));
	printf(" %d", info_of(handle, 0, &node));
	printf(" %d", votequorum_qdevice_update(handle, name, name));
	printf(" %d", votequorum_qdevice_poll(handle, name, 1, ring));
	printf(" %d", votequorum_finalize(handle));
	handle = opened();
	votequorum_trackstart(handle, 0, CS_TRACK_CURRENT);
	printf("\n");
	printf("%d\n", votequorum_dispatch(handle, CS_DISPATCH_ALL));
	return NULL;
}

static void small_stack(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 * 1024);
	/* Whoever needs more than the stack shall hit the guard, and nobody's memory. */
	pthread_attr_setguardsize(&attributes, 4 * 1024 * 1024);
	pthread_create(&thread, &attributes, with_small_stack, NULL);
	pthread_join(thread, NULL);
}

/* --- callbacks --- */

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

/* --- fork --- */

static int in_child(int (*code)(void))
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		alarm(20);
		_exit(code());
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static int child_exits(void)
{
	exit(0);
}

static int child_finalizes(void)
{
	return votequorum_finalize(shared);
}

static int child_asks(void)
{
	unsigned node;

	return info_of(shared, 0, &node);
}

static int child_dispatches(void)
{
	return votequorum_dispatch(shared, CS_DISPATCH_ONE_NONBLOCKING);
}

static int child_opens_its_own(void)
{
	return usable(opened());
}

static int grandchild(void)
{
	return in_child(child_asks);
}

static void fork_exit(void)
{
	shared = opened();
	printf("child %d", in_child(child_exits));
	printf(" usable %d\n", usable(shared));
}

static void fork_finalize(void)
{
	shared = opened();
	printf("child %d", in_child(child_finalizes));
	printf(" usable %d\n", usable(shared));
}

static void fork_call(void)
{
	shared = opened();
	printf("getinfo %d", in_child(child_asks));
	printf(" dispatch %d", in_child(child_dispatches));
	printf(" grandchild %d", in_child(grandchild));
	printf(" usable %d\n", usable(shared));
}

static void fork_own(void)
{
	shared = opened();
	printf("child usable %d", in_child(child_opens_its_own));
	printf(" usable %d\n", usable(shared));
}

static volatile int stop_asking;

static void *ask_on(void *argument)
{
	unsigned node;

	(void)argument;
	while (!stop_asking) {
		votequorum_handle_t handle = opened();

		info_of(handle, 0, &node);
		info_of(shared, 0, &node);
		votequorum_finalize(handle);
	}
	return NULL;
}

/* A child must never wait for a lock that a thread of its parent held. */
static void fork_among_threads(void)
{
	pthread_t threads[3];
	int right = 0;

	shared = opened();
	for (int i = 0; i < 3; i++) {
		pthread_create(&threads[i], NULL, ask_on, NULL);
	}
	for (int i = 0; i < 200; i++) {
		right += in_child(i % 2 ? child_asks : child_finalizes) == (i % 2 ? 9 : 1);
	}
	stop_asking = 1;
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
	}
	fprintf(stderr, "children that did right: %d of 200\n", right);
	/* Finalizing may fail when another thread was changing the table: never hang. */
	printf("no child hung, usable %d\n", usable(shared));
}

static void forking(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t ring,
		    uint32_t entries, uint32_t list[])
{
	int status;
	pid_t child;

	(void)handle, (void)context, (void)ring, (void)entries, (void)list;
	fflush(NULL);
	child = fork();
	if (child == 0) {
		depth = 1; /* and on into the library */
		return;
	}
	waitpid(child, &status, 0);
	printf("child's dispatch %d, ", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void fork_in_callback(void)
{
	votequorum_callbacks_t callbacks = {inner_quorum, NULL, forking};
	votequorum_handle_t handle;
	cs_error_t result;

	votequorum_initialize(&handle, &callbacks);
	votequorum_trackstart(handle, 0, CS_TRACK_CURRENT);
	result = votequorum_dispatch(handle, CS_DISPATCH_ALL);
	if (depth == 1) {
		_exit(result);
	}
	printf("dispatch %d usable %d\n", result, usable(handle));
}

/* --- the system --- */

static volatile sig_atomic_t ticks;

static void on_tick(int number)
{
	(void)number;
	ticks++;
}

static void initialize_only(void)
{
	votequorum_handle_t handle;

	printf("%d\n", votequorum_initialize(&handle, &all_callbacks));
}

static void signals_in_initialize(void)
{
	timer_t timer;
	struct itimerspec rate = {{0, 333333}, {0, 333333}};
	struct sigaction action = {.sa_handler = on_tick};
	int failed = 0;

	sigaction(SIGALRM, &action, NULL);
	timer_create(CLOCK_MONOTONIC, NULL, &timer);
	timer_settime(timer, 0, &rate, NULL);
	for (int i = 0; i < 300; i++) {
		votequorum_handle_t handle;

		if (votequorum_initialize(&handle, &all_callbacks) != CS_OK) {
			failed++;
			continue;
		}
		failed += !usable(handle);
		votequorum_finalize(handle);
	}
	fprintf(stderr, "failed: %d of 300, signals: %d\n", failed, (int)ticks);
	printf("%s, %s\n", failed ? "some failed" : "none failed", ticks > 50 ? "signals" : "no signals");
}

static void no_descriptors(void)
{
	struct rlimit limit = {0, 0};
	votequorum_handle_t handle;
	int open_before = 0, open_after = 0, last;
	cs_error_t result = CS_OK;

	/* With no descriptor left, with one left, and so on: every step of connecting fails once. */
	for (last = 3; last < 40 && fcntl(last, F_GETFD) == 0; last++) {
	}
	for (int spare = 0; spare < 12; spare++) {
		limit.rlim_cur = (rlim_t)(last + spare);
		limit.rlim_max = 4096;
		setrlimit(RLIMIT_NOFILE, &limit);
		open_before = open_after = 0;
		for (int fd = 0; fd < 64; fd++) {
			open_before += fcntl(fd, F_GETFD) == 0;
		}
		result = votequorum_initialize(&handle, &all_callbacks);
		if (result == CS_OK) {
			votequorum_finalize(handle);
		}
		for (int fd = 0; fd < 64; fd++) {
			open_after += fcntl(fd, F_GETFD) == 0;
		}
		if (spare == 0) {
			printf("%d ", result);
		}
		if (open_before != open_after || fcntl(0, F_GETFD) != 0) {
			break;
		}
	}
	printf("%s, %s, ", fcntl(0, F_GETFD) == 0 ? "stdin open" : "stdin closed",
	       open_before == open_after ? "none lost" : "some lost");
	printf("at last %d\n", result);
}

static void first_handle_is_not_constant(void)
{
	votequorum_handle_t handle = opened();

	printf("%s\n", handle == 0x6b8b456700000000ULL ? "predictable" : "random");
}

/* --- the daemon; the harness stops and kills it when told --- */

static void tell(const char *text)
{
	char line[16];

	printf("%s\n", text);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL) {
		exit(2);
	}
}

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
	timed("trackstop", votequorum_trackstop(handle), now_ms());
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

static void *ask_until_dead(void *argument)
{
	unsigned node;
	cs_error_t result;

	(void)argument;
	entered = gettid();
	do {
		result = info_of(shared, 0, &node);
	} while (result == CS_OK);
	return (void *)(intptr_t)result;
}

/* SIGPIPE has its default action here, which would end the process. */
static void no_sigpipe(void)
{
	pthread_t thread;
	void *result;

	signal(SIGPIPE, SIG_DFL);
	shared = opened();
	pthread_create(&thread, NULL, ask_until_dead, NULL);
	wait_asleep();
	tell("kill");
	pthread_join(thread, &result);
	printf("getinfo %d\n", (int)(intptr_t)result);
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

static unsigned long shared_memory_used(void)
{
	struct statvfs now;

	statvfs("/dev/shm", &now);
	return (now.f_blocks - now.f_bfree) * now.f_frsize / 1024;
}

static void shared_memory(void)
{
	unsigned long before = shared_memory_used();
	votequorum_handle_t handle = opened();

	printf("%lu KiB\n", shared_memory_used() - before);
	votequorum_finalize(handle);
}

#define CASE(name) {#name, name}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	CASE(null_handle), CASE(null_callbacks), CASE(null_members), CASE(null_info),
	CASE(null_fd), CASE(null_context), CASE(null_register), CASE(null_unregister),
	CASE(null_update_old), CASE(null_update_new), CASE(null_poll), CASE(null_master_wins),
	CASE(failure_writes_nothing), CASE(no_daemon_writes_nothing), CASE(no_wildcard),
	CASE(random_is_left_alone), CASE(two_threads), CASE(finalize_wakes), CASE(small_stack),
	CASE(finalize_in_callback), CASE(callbacks_may_call_all), CASE(cancel_in_dispatch),
	CASE(cancel_pending_in_call), CASE(fork_exit), CASE(fork_finalize), CASE(fork_call),
	CASE(fork_own), CASE(fork_among_threads), CASE(fork_in_callback),
	CASE(initialize_only), CASE(signals_in_initialize), CASE(no_descriptors), CASE(shared_memory), CASE(first_handle_is_not_constant),
	CASE(daemon_stopped), CASE(daemon_killed_in_flight), CASE(daemon_killed_idle),
	CASE(daemon_killed_with_events), CASE(daemon_killed_files), CASE(no_sigpipe),
};

int main(int count, char **arguments)
{
	start();
	for (size_t i = 0; count == 3 && i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(arguments[1], cases[i].name) == 0) {
			/* The original hangs in some of them. */
			alarm((unsigned)atoi(arguments[2]));
			cases[i].run();
			return 0;
		}
	}
	fprintf(stderr, "usage: cases CASE SECONDS\n");
	return 64;
}
