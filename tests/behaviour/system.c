/* Signals, descriptors, memory. */
#include "address_space.h"
#include "cases.h"
#include "descriptors.h"
#include "shared_memory.h"
#include "signals.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/resource.h>

static void initialize_only(void)
{
	votequorum_handle_t handle;

	printf("%d\n", votequorum_initialize(&handle, &all_callbacks));
}

static void signals_in_initialize(void)
{
	int failed = 0;

	start_ticks();
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

/* Two events come with each trackstart; waiting for the second is interrupted many times. */
static void signals_in_calls(void)
{
	votequorum_handle_t handle;
	int failed = votequorum_initialize(&handle, NULL) != CS_OK;

	start_ticks();
	for (int i = 0; i < 3000 || ticks < 300; i++) {
		failed += !usable(handle);
		if (i % 10 == 0) {
			failed += votequorum_trackstart(handle, 7, CS_TRACK_CURRENT) != CS_OK;
			failed += votequorum_dispatch(handle, CS_DISPATCH_ONE) != CS_OK;
			failed += votequorum_dispatch(handle, CS_DISPATCH_ONE) != CS_OK;
		}
	}
	fprintf(stderr, "signals: %d\n", (int)ticks);
	printf("%s, signals\n", failed ? "some failed" : "none failed");
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

/* With no page of address space left, with one left, and so on: every mapping fails once. */
static void no_address_space(void)
{
	struct rlimit limit = {0, RLIM_INFINITY};
	votequorum_handle_t handle = opened();
	int lost = 0, failed = 0;
	cs_error_t result = CS_OK;

	/* What is made once is made. */
	votequorum_finalize(handle);
	for (unsigned long spare = 0; spare < 4096; spare += 4) {
		int before = descriptors();

		limit.rlim_cur = address_space() + spare * 1024;
		setrlimit(RLIMIT_AS, &limit);
		result = votequorum_initialize(&handle, &all_callbacks);
		limit.rlim_cur = RLIM_INFINITY;
		setrlimit(RLIMIT_AS, &limit);
		if (result == CS_OK) {
			result = usable(handle) ? CS_OK : CS_ERR_LIBRARY;
			votequorum_finalize(handle);
		} else if (result == CS_ERR_NO_MEMORY) {
			failed++;
		} else {
			printf("with %lu KiB: %d\n", spare, result);
		}
		lost += descriptors() - before;
	}
	printf("%s without memory, descriptors lost: %s, at last %d\n", failed > 2 ? "some" : "none",
	       lost > 0 ? "some" : "none", result);
	fprintf(stderr, "descriptors lost: %d\n", lost);
}

/* A program that may not write to files, on pain of SIGXFSZ. */
static void no_file_size(void)
{
	struct rlimit usual, none;
	votequorum_handle_t handle;
	int lost = -descriptors(), works = 0;
	cs_error_t result;

	getrlimit(RLIMIT_FSIZE, &usual);
	none = usual;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_FSIZE, &none);
	result = votequorum_initialize(&handle, &all_callbacks);
	if (result == CS_OK) {
		works = usable(handle);
		votequorum_finalize(handle);
	}
	/* What is printed may be a file. */
	setrlimit(RLIMIT_FSIZE, &usual);
	printf("initialize %d, usable %d, descriptors lost %d\n", result, works, lost + descriptors());
}

/* What a program is given that is executed by one with a connection. */
static void executed(void)
{
	char line[256];
	int sockets = 0;
	FILE *list;

	opened();
	list = popen("ls -l /proc/self/fd /proc/self/maps", "r");
	while (list != NULL && fgets(line, sizeof(line), list) != NULL) {
		sockets += strstr(line, "socket:") != NULL || strstr(line, "/qb-") != NULL;
	}
	printf("executed %d, sockets %d\n", list != NULL && pclose(list) == 0, sockets);
}

/* Two processes that have both made none. */
static void first_handle_is_not_constant(void)
{
	votequorum_handle_t handle, other;
	int ends[2];
	pid_t child;

	if (pipe(ends) != 0 || (child = fork()) < 0) {
		exit(2);
	}
	handle = opened();
	if (child == 0) {
		_exit(write(ends[1], &handle, sizeof(handle)) != sizeof(handle));
	}
	if (read(ends[0], &other, sizeof(other)) != sizeof(other)) {
		exit(2);
	}
	printf("%s\n", handle == other ? "predictable" : "random");
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

/* Only root has another way to a file without a name, as a root's daemon in corosync's place would
 * have that kept a descriptor: corosync keeps none. */
static void ring_cut_short_by_root(void)
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

/* How often this process has mapped the data of rings. */
static void rings_mapped(void)
{
	votequorum_handle_t handle = opened();
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	int data = 0;

	while (fgets(line, sizeof(line), maps) != NULL) {
		data += strstr(line, "-votequorum-data") != NULL;
	}
	fclose(maps);
	printf("data %d, usable %d\n", data, usable(handle));
}

/* There is room in /dev/shm, which only this node sees, for the first of a connection's files. */
static void shared_memory_full(void)
{
	unsigned long before = shared_memory_used();
	votequorum_handle_t handle;
	unsigned long usual = shared_memory_in_all();

	if (resize_shared_memory(before + 24) != 0) {
		printf("not filled\n");
		return;
	}
	printf("initialize %d, then", votequorum_initialize(&handle, &all_callbacks));
	resize_shared_memory(usual);
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
static void without_shared_memory(int read_only)
{
	votequorum_handle_t handle;
	int lost = -descriptors();

	if (!have_own_mounts() || !hide_shared_memory(read_only)) {
		printf("not taken away\n");
		return;
	}
	printf("initialize %d", votequorum_initialize(&handle, &all_callbacks));
	printf(", descriptors lost %d\n", lost + descriptors());
}

static void no_shared_memory(void)
{
	without_shared_memory(0);
}

static void read_only_shared_memory(void)
{
	without_shared_memory(1);
}

const struct one_case system_cases[] = {
	CASE(initialize_only),
	CASE(signals_in_initialize),
	CASE(signals_in_calls),
	CASE(no_descriptors),
	CASE(no_address_space),
	CASE(no_file_size),
	CASE(executed),
	CASE(shared_memory),
	CASE(shared_memory_full),
	CASE(no_shared_memory),
	CASE(read_only_shared_memory),
	CASE(ring_cut_short),
	CASE(ring_cut_short_by_root),
	CASE(rings_mapped),
	CASE(first_handle_is_not_constant),
	END,
};
