/* Signals, descriptors, memory. */
#include "cases.h"

#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
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
	/* On a busy machine the original is lucky at times. */
	for (int i = 0; i < 300 || (failed == 0 && i < 3000); i++) {
		votequorum_handle_t handle;

		if (votequorum_initialize(&handle, &all_callbacks) != CS_OK) {
			failed++;
			continue;
		}
		failed += !usable(handle);
		votequorum_finalize(handle);
	}
	fprintf(stderr, "failed: %d, signals: %d\n", failed, (int)ticks);
	printf("%s, %s\n", failed ? "some failed" : "none failed", ticks > 50 ? "signals" : "no signals");
}

static int descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 64; fd++) {
		count += fcntl(fd, F_GETFD) == 0;
	}
	return count;
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
		open_before = descriptors();
		result = votequorum_initialize(&handle, &all_callbacks);
		if (result == CS_OK) {
			votequorum_finalize(handle);
		}
		open_after = descriptors();
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

/* Somebody cuts the rings short by their names: a cleaner of /dev/shm, another client of libqb. */
static void ring_cut_short(void)
{
	votequorum_handle_t handle = opened();
	char pattern[80];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/dev/shm/qb-*-%d-*", (int)getpid());
	printf("directories %zu,", glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0);
	snprintf(pattern, sizeof(pattern), "/dev/shm/qb-*-%d-*/qb-request-*-data", (int)getpid());
	printf(" names %zu,", glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0);
	fflush(stdout);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (truncate(found.gl_pathv[i], 0) != 0) {
			printf("not cut\n");
			return;
		}
	}
	printf(" usable %d\n", usable(handle));
}

/* Only root has another way to a file without a name. It stands for a daemon that keeps a
 * descriptor and cuts the file with it: corosync keeps none. */
static void ring_cut_short_on_purpose(void)
{
	votequorum_handle_t handle = opened();
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], path[256];
	unsigned long from, to;
	int cut = 0;

	while (fgets(line, sizeof(line), maps) != NULL) {
		if (strstr(line, "/qb-request-votequorum-data") == NULL || sscanf(line, "%lx-%lx", &from, &to) != 2) {
			continue;
		}
		snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", from, to);
		cut += truncate(path, 0) == 0;
	}
	fclose(maps);
	if (cut == 0) {
		printf("not cut\n");
		return;
	}
	printf("usable %d\n", usable(handle));
}

static int resize_shared_memory(unsigned long kilobytes)
{
	char size[32];

	snprintf(size, sizeof(size), "size=%luk", kilobytes);
	return mount(NULL, "/dev/shm", NULL, MS_REMOUNT, size);
}

/* There is room in /dev/shm, which only this node sees, for the first of a connection's files. */
static void shared_memory_full(void)
{
	unsigned long before = shared_memory_used();
	votequorum_handle_t handle;
	struct statvfs usual;

	statvfs("/dev/shm", &usual);
	if (resize_shared_memory(before + 24) != 0) {
		printf("not filled\n");
		return;
	}
	printf("initialize %d, then", votequorum_initialize(&handle, &all_callbacks));
	resize_shared_memory(usual.f_blocks * usual.f_frsize / 1024);
	handle = opened();
	printf(" usable %d", usable(handle));
	votequorum_finalize(handle);
	/* The daemon takes the files away when it hears of the end. */
	while (shared_memory_used() > before) {
		usleep(1000);
	}
	printf(", nothing left over\n");
}

/* Takes /dev/shm away, or the right to write there, from this process alone. */
static void without_shared_memory(unsigned long flags, const char *type)
{
	votequorum_handle_t handle;
	int lost = -descriptors();

	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount(type ? type : "/dev/shm", "/dev/shm", type, flags, NULL) != 0) {
		printf("not taken away\n");
		return;
	}
	if (type == NULL && mount(NULL, "/dev/shm", NULL, flags | MS_REMOUNT | MS_RDONLY, NULL) != 0) {
		printf("not taken away\n");
		return;
	}
	printf("initialize %d", votequorum_initialize(&handle, &all_callbacks));
	printf(", descriptors lost %d\n", lost + descriptors());
}

static void no_shared_memory(void)
{
	without_shared_memory(0, "tmpfs");
}

static void read_only_shared_memory(void)
{
	without_shared_memory(MS_BIND, NULL);
}

const struct one_case system_cases[] = {
	CASE(initialize_only),
	CASE(signals_in_initialize),
	CASE(no_descriptors),
	CASE(shared_memory),
	CASE(shared_memory_full),
	CASE(no_shared_memory),
	CASE(read_only_shared_memory),
	CASE(ring_cut_short),
	CASE(ring_cut_short_on_purpose),
	CASE(first_handle_is_not_constant),
	END,
};
