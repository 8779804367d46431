/*
 * What happens to the process that has loaded libncssdk: signals, forks while a lock is waited for,
 * no descriptors, no shared memory, small stacks, another program in its place, coming and going.
 * Prints a line for each step; asks the harness for what it wants done to the daemon.
 * Usage: ncs_hosts CASE
 */
#include "ncs_common.h"
#include "../behaviour/signals.h"
#include "../behaviour/ncs_rest.h"
#include "../behaviour/shared_memory.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/resource.h>

/* Every function, once; true if all succeeded. */
static int everything(void)
{
	UINT32 epoch, members, holder;
	NCS_HANDLE handle = 0;
	int right = NCS_Register("hosts", ignore, &handle) == NCS_SUCCESS;

	right &= NCS_Query_Epoch(handle, &epoch, &members) == NCS_SUCCESS && members == 1;
	right &= NCS_Lock(handle, key, 3) == NCS_SUCCESS;
	right &= NCS_TryLock(handle, key, 3, &holder) == NCS_TRYLOCK_HELD && holder == 1;
	right &= NCS_UnLock(handle, key, 3) == NCS_SUCCESS;
	right &= NCS_Deregister(handle) == NCS_SUCCESS;
	return right;
}

static void signals(void)
{
	int failed = 0;

	start_ticks();
	for (int i = 0; i < 200 || ticks < 100; i++) {
		failed += !everything();
	}
	printf("%s failed, signals\n", failed == 0 ? "none" : "some");
}

/* Signals that a thread is to get while it is busy, in a callback or waiting. */
#define MANY 600

static atomic_int failures;

/* They interrupt all that the callback asks for. */
static void ask_under_signals(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members,
			      UINT32 FailedMask, UINT32 MasterMask)
{
	timer_t timer = start_ticks_here();
	int until = ticks + MANY;

	(void)FailedMask, (void)MasterMask;
	while (ticks < until) {
		UINT32 epoch, members;

		failures += NCS_Query_Epoch(Handle, &epoch, &members) != NCS_SUCCESS ||
			    epoch != GroupEpoch || members != Members;
		failures += NCS_Lock(Handle, "callback", 8) != NCS_SUCCESS;
		failures += NCS_UnLock(Handle, "callback", 8) != NCS_SUCCESS;
		failures += !everything();
	}
	timer_delete(timer);
	sem_post(&begun);
}

static void signals_in_callbacks(void)
{
	int fd;

	first = registered(ask_under_signals);
	while (sem_wait(&begun) != 0) {
	}
	printf("on the thread %d deregister %u\n", failures, NCS_Deregister(first));
	ncs_fd_get(0, &fd);
	first = registered(ask_under_signals);
	printf("dispatch %u", ncs_dispatch(first, NCS_DISPATCH_ONE));
	printf(" failures %d deregister %u\n", failures, NCS_Deregister(first));
}

static void *wait_under_signals(void *flags)
{
	timer_t timer = start_ticks_here();

	announce_myself();
	answer = flags == NULL ? NCS_Lock(second, key, 3) : ncs_dispatch(second, NCS_DISPATCH_ONE);
	timer_delete(timer);
	return NULL;
}

/* None of them ends a wait, which ends with what was waited for. */
static void signals_in_waits(void)
{
	int fd, until;
	pthread_t thread;

	first = registered(ignore);
	second = registered(ignore);
	printf("first %u", NCS_Lock(first, key, 3));
	answer = 77;
	until = ticks + MANY;
	thread = started(wait_under_signals, NULL);
	while (ticks < until) {
		usleep(1000);
	}
	printf(" waits %d", answer == 77);
	printf(" unlock %u", NCS_UnLock(first, key, 3));
	pthread_join(thread, NULL);
	printf(" second %u\n", answer);
	ncs_fd_get(second, &fd);
	answer = 77;
	until = ticks + MANY;
	thread = started(wait_under_signals, &fd);
	while (ticks < until) {
		usleep(1000);
	}
	printf("waits %d", answer == 77);
	printf(" deregister %u", NCS_Deregister(second));
	pthread_join(thread, NULL);
	printf(" dispatch %u deregister %u\n", answer, NCS_Deregister(first));
}

static void *lock_with_second(void *unused)
{
	announce_myself();
	answer = NCS_Lock(second, key, 3);
	return unused;
}

static void fork_while_a_lock_is_waited_for(void)
{
	pthread_t thread;
	pid_t child;
	int status = -1;

	first = registered(ignore);
	second = registered(ignore);
	printf("first %u\n", NCS_Lock(first, key, 3));
	thread = started(lock_with_second, NULL);
	wait_until_it_sleeps();
	child = fork();
	if (child == 0) {
		alarm(LIMIT);
		printf("child");
		SAY(NCS_UnLock(first, key, 3));
		SAY(NCS_Deregister(second));
		first = registered(ignore);
		SAY(NCS_Lock(first, "other", 5));
		printf("\n");
		exit((int)NCS_Deregister(first));
	}
	waitpid(child, &status, 0);
	printf("child %d unlock", status);
	SAY(NCS_UnLock(first, key, 3));
	pthread_join(thread, NULL);
	printf(" second %u\n", answer);
}

/* What a program is given that is executed by one that is registered. */
static void executed(void)
{
	char line[256];
	int sockets = 0;
	FILE *list;

	first = registered(ignore);
	list = popen("ls -l /proc/self/fd; cat /proc/self/maps", "r");
	while (list != NULL && fgets(line, sizeof(line), list) != NULL) {
		sockets += strstr(line, "socket:") != NULL || strstr(line, "eventfd") != NULL ||
			   strstr(line, "/qb-") != NULL;
	}
	printf("executed %d, sockets %d, usable %d\n", list != NULL && pclose(list) == 0, sockets,
	       NCS_Deregister(first) == NCS_SUCCESS);
}

/* With no descriptor left, with one left, and so on: every step of registering fails once. */
static void no_descriptors(void)
{
	NCS_RETURN result = NCS_FAILURE;
	int refused = 0, others = 0, last = 3;
	struct toll before;

	everything();
	before = at_rest(2);
	while (fcntl(last, F_GETFD) == 0) {
		last++;
	}
	for (int spare = 0; spare < 40 && result != NCS_SUCCESS; spare++) {
		struct rlimit limit = {(rlim_t)(last + spare), 4096};

		setrlimit(RLIMIT_NOFILE, &limit);
		result = NCS_Register("hosts", ignore, &first);
		refused += result == NCS_NO_RESOURCES;
		if (result != NCS_NO_RESOURCES && result != NCS_SUCCESS) {
			fprintf(stderr, "with %d: %u\n", spare, result);
			others++;
		}
	}
	NCS_Deregister(first);
	fprintf(stderr, "refused %d times\n", refused);
	printf("refused %d, otherwise %d, at last %u, ", refused > 3, others, result);
	at_rest(2);
	print_lost(&before);
}

static void *everything_here(void *right)
{
	*(int *)right = everything();
	return NULL;
}

static void small_stack(void)
{
	pthread_attr_t small;
	pthread_t thread;
	int right = 0;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	pthread_create(&thread, &small, everything_here, &right);
	pthread_join(thread, NULL);
	printf("right %d\n", right);
}

/* It stays: its threads can't be ended before their code is gone. */
static void loaded_and_unloaded(void)
{
	struct toll before;
	int used = 0, there = 0;

	everything();
	before = at_rest(2);
	for (int i = 0; i < 1000; i++) {
		void *library = dlopen("libncssdk.so.1", RTLD_NOW | RTLD_LOCAL);

		used += library != NULL && dlclose(library) == 0;
		there += i % 5 == 0 && everything();
	}
	printf("used %d, right %d, ", used, there);
	at_rest(2);
	print_lost(&before);
}

/* With more room in /dev/shm each time, until there is enough for all connections. */
static void shared_memory_full(void)
{
	unsigned long usual = shared_memory_in_all(), spare = 0;
	NCS_RETURN result = NCS_FAILURE;
	int refused = 0, others = 0;
	struct toll before;

	everything();
	before = at_rest(2);
	for (; result != NCS_SUCCESS && spare < usual; spare += 16) {
		if (resize_shared_memory(shared_memory_used() + 24 + spare) != 0) {
			break;
		}
		result = NCS_Register("hosts", ignore, &first);
		refused += result == NCS_NO_RESOURCES;
		others += result != NCS_NO_RESOURCES && result != NCS_SUCCESS;
	}
	resize_shared_memory(usual);
	NCS_Deregister(first);
	printf("refused %d, otherwise %d, at last %u, ", refused > 3, others, result);
	at_rest(2);
	print_lost(&before);
}

/* Another one than corosync's, and one where nothing can be written. */
static void no_shared_memory(void)
{
	struct toll before;

	if (!have_own_mounts()) {
		exit(1);
	}
	everything();
	before = at_rest(2);
	for (int read_only = 0; read_only <= 1; read_only++) {
		if (!hide_shared_memory(read_only)) {
			exit(1);
		}
		printf("register %u, ", NCS_Register("hosts", ignore, &first));
		umount("/dev/shm");
	}
	printf("then right %d, ", everything());
	at_rest(2);
	print_lost(&before);
}

int main(int count, char *arguments[])
{
	static const struct test_case cases[] = {
		{"signals", signals},
		{"signals_in_callbacks", signals_in_callbacks},
		{"signals_in_waits", signals_in_waits},
		{"fork_while_a_lock_is_waited_for", fork_while_a_lock_is_waited_for},
		{"executed", executed},
		{"no_descriptors", no_descriptors},
		{"small_stack", small_stack},
		{"loaded_and_unloaded", loaded_and_unloaded},
		{"shared_memory_full", shared_memory_full},
		{"no_shared_memory", no_shared_memory},
		{NULL, NULL},
	};

	return run_case(cases, count, arguments);
}
