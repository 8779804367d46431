/* What connections and calls take of memory. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "driver.h"

#define STACK (4u << 20)
#define PAINT 0xa5

static double field_of(const char *path, const char *field)
{
	FILE *file = fopen(path, "r");
	char line[256];
	double value = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, field, strlen(field)) == 0) {
			value = strtod(line + strlen(field) + 1, NULL);
		}
	}
	if (file != NULL) {
		fclose(file);
	}
	return value;
}

static double status(const char *field)
{
	return field_of("/proc/self/status", field);
}

/* Pages that several processes use count in equal parts. */
double own_memory(void)
{
	return field_of("/proc/self/smaps_rollup", "Pss:");
}

double tmpfs(void)
{
	struct statvfs about;

	if (statvfs("/dev/shm", &about) != 0) {
		perror("/dev/shm");
		exit(1);
	}
	return (double)(about.f_blocks - about.f_bfree) * (double)about.f_frsize / 1024;
}

/* In KiB per connection, after each of them has been used. */
void measure_memory(long connections)
{
	votequorum_handle_t first = open_handle();
	votequorum_handle_t *all = calloc((size_t)connections, sizeof(*all));
	double before[3] = { tmpfs(), status("VmSize:"), status("VmRSS:") };
	struct votequorum_info info;

	for (long i = 0; i < connections; i++) {
		all[i] = open_handle();
		must("votequorum_getinfo", votequorum_getinfo(all[i], 0, &info));
	}
	sample("tmpfs", (tmpfs() - before[0]) / (double)connections);
	sample("address-space", (status("VmSize:") - before[1]) / (double)connections);
	sample("resident", (status("VmRSS:") - before[2]) / (double)connections);
	for (long i = 0; i < connections; i++) {
		must("votequorum_finalize", votequorum_finalize(all[i]));
	}
	must("votequorum_finalize", votequorum_finalize(first));
	free(all);
}

static void *nothing(void *handle)
{
	return handle;
}

static void *initialize(void *handle)
{
	*(votequorum_handle_t *)handle = open_handle();
	return NULL;
}

static void *getinfo(void *handle)
{
	struct votequorum_info info;

	must("votequorum_getinfo",
	     votequorum_getinfo(*(votequorum_handle_t *)handle, 0, &info));
	return NULL;
}

static void *trackstart(void *handle)
{
	must("votequorum_trackstart",
	     votequorum_trackstart(*(votequorum_handle_t *)handle, 0, CS_TRACK_CURRENT));
	return NULL;
}

static void *dispatch(void *handle)
{
	must("votequorum_dispatch",
	     votequorum_dispatch(*(votequorum_handle_t *)handle, CS_DISPATCH_ALL));
	return NULL;
}

static void *finalize(void *handle)
{
	must("votequorum_finalize", votequorum_finalize(*(votequorum_handle_t *)handle));
	return NULL;
}

/*
 * How far down a thread's stack the function went, in bytes. A buffer of which only the beginning
 * is written counts whole: the stack below it is what other calls use.
 */
static double stack_of(void *(*code)(void *), votequorum_handle_t *handle)
{
	unsigned char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;
	size_t untouched = 0;

	if (stack == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	memset(stack, PAINT, STACK);
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stack, STACK);
	if (pthread_create(&thread, &attributes, code, handle) != 0) {
		perror("pthread_create");
		exit(1);
	}
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
	while (untouched < STACK && stack[untouched] == PAINT) {
		untouched++;
	}
	munmap(stack, STACK);
	return (double)(STACK - untouched);
}

void measure_stack(void)
{
	votequorum_handle_t handle;
	double alone = stack_of(nothing, &handle);

	sample("stack-initialize", stack_of(initialize, &handle) - alone);
	sample("stack-getinfo", stack_of(getinfo, &handle) - alone);
	sample("stack-trackstart", stack_of(trackstart, &handle) - alone);
	sample("stack-dispatch", stack_of(dispatch, &handle) - alone);
	sample("stack-finalize", stack_of(finalize, &handle) - alone);
}
