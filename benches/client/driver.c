/*
 * Measures the libvotequorum that it was started with. Reads commands from standard input, one a
 * line; answers each with lines "KIND NUMBER" and a last line "end". Times are nanoseconds.
 * With an argument: loads that library itself, asks it once, and prints how long that took.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include "driver.h"

static unsigned long events;
static uint64_t event_time;

uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void sample(const char *kind, double value)
{
	printf("%s %.0f\n", kind, value);
}

void must(const char *what, cs_error_t result)
{
	if (result != CS_OK) {
		fprintf(stderr, "%s: %d\n", what, result);
		exit(1);
	}
}

static void happened(void)
{
	event_time = now();
	__atomic_add_fetch(&events, 1, __ATOMIC_RELEASE);
}

static void on_quorum(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
		      uint32_t entries, votequorum_node_t list[])
{
	(void)handle, (void)context, (void)quorate, (void)entries, (void)list;
	happened();
}

static void on_nodes(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t ring,
		     uint32_t entries, uint32_t list[])
{
	(void)handle, (void)context, (void)ring, (void)entries, (void)list;
	happened();
}

static void on_expected(votequorum_handle_t handle, uint64_t context, uint32_t votes)
{
	(void)handle, (void)context, (void)votes;
	happened();
}

static votequorum_callbacks_t callbacks = {
	.votequorum_quorum_notify_fn = on_quorum,
	.votequorum_expectedvotes_notify_fn = on_expected,
	.votequorum_nodelist_notify_fn = on_nodes,
};

unsigned long events_seen(void)
{
	return __atomic_load_n(&events, __ATOMIC_ACQUIRE);
}

uint64_t last_event(void)
{
	return event_time;
}

votequorum_handle_t open_handle(void)
{
	votequorum_handle_t handle;
	cs_error_t result;

	/* The daemon is busy with others, or signals came: nothing else to do than ask again. */
	while ((result = votequorum_initialize(&handle, &callbacks)) == CS_ERR_TRY_AGAIN) {
	}
	must("votequorum_initialize", result);
	return handle;
}

static void *function(void *library, const char *name)
{
	void *found = dlsym(library, name);

	if (found == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return found;
}

static int load(const char *path)
{
	uint64_t start = now();
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	struct votequorum_info info;
	votequorum_handle_t handle;
	cs_error_t (*initialize)(votequorum_handle_t *, votequorum_callbacks_t *);
	cs_error_t (*getinfo)(votequorum_handle_t, unsigned, struct votequorum_info *);
	cs_error_t (*finalize)(votequorum_handle_t);
	uint64_t loaded = now();

	if (library == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	*(void **)&initialize = function(library, "votequorum_initialize");
	*(void **)&getinfo = function(library, "votequorum_getinfo");
	*(void **)&finalize = function(library, "votequorum_finalize");
	must("votequorum_initialize", initialize(&handle, &callbacks));
	must("votequorum_getinfo", getinfo(handle, 0, &info));
	must("votequorum_finalize", finalize(handle));
	sample("load", (double)(loaded - start));
	sample("load-and-use", (double)(now() - start));
	return 0;
}

static int obey(const char *line)
{
	char word[32];
	long number[4] = { 0 };

	if (sscanf(line, "%31s %ld %ld %ld %ld", word, &number[0], &number[1], &number[2],
		   &number[3]) < 1) {
		return 0;
	}
	if (strcmp(word, "getinfo") == 0) {
		measure_getinfo(number[0]);
	} else if (strcmp(word, "plain") == 0) {
		only_getinfo(number[0]);
	} else if (strcmp(word, "cycles") == 0) {
		measure_cycles(number[0]);
	} else if (strcmp(word, "queued") == 0) {
		measure_queued(number[0]);
	} else if (strcmp(word, "empty") == 0) {
		measure_empty(number[0]);
	} else if (strcmp(word, "trackstart") == 0) {
		measure_trackstart(number[0]);
	} else if (strcmp(word, "event") == 0) {
		measure_event(number[0]);
	} else if (strcmp(word, "burst") == 0) {
		measure_burst(number[0]);
	} else if (strcmp(word, "memory") == 0) {
		measure_memory(number[0]);
	} else if (strcmp(word, "stack") == 0) {
		measure_stack();
	} else if (strcmp(word, "scale") == 0) {
		measure_scale(number[0], number[1]);
	} else if (strcmp(word, "threads") == 0) {
		measure_threads(number[0], number[1], number[2], number[3]);
	} else {
		fprintf(stderr, "no such command: %s", line);
		return 0;
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct rlimit files;
	char line[128];

	if (argc > 1) {
		return load(argv[1]);
	}
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (!obey(line)) {
			return 1;
		}
		printf("end\n");
		fflush(stdout);
	}
	return 0;
}
