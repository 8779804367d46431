/* Signals, descriptors, memory. */
#include "cases.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

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

/* Stands for a daemon that does it: corosync does not. */
static void ring_cut_short(void)
{
	votequorum_handle_t handle = opened();
	char pattern[80];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/dev/shm/qb-*-%d-*/qb-request-*-data", (int)getpid());
	if (glob(pattern, 0, NULL, &found) != 0 || truncate(found.gl_pathv[0], 0) != 0) {
		printf("no ring\n");
		return;
	}
	printf("usable %d\n", usable(handle));
}

const struct one_case system_cases[] = {
	CASE(initialize_only),
	CASE(signals_in_initialize),
	CASE(no_descriptors),
	CASE(shared_memory),
	CASE(ring_cut_short),
	CASE(first_handle_is_not_constant),
	END,
};
