/*
 * Preloaded into a program that is not ours: writes down what it asks of the library and what it
 * is told, one line per call, to the file named by QUORATE_SPY.
 */
#include "common.h"
#include <fcntl.h>

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void note(const char *format, ...)
{
	const char *path = getenv("QUORATE_SPY");
	char line[512];
	va_list arguments;
	int length, fd;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
	if (fd >= 0) {
		if (write(fd, line, (size_t)length) != length) {
			abort();
		}
		close(fd);
	}
}

/* The next definition after this one: the library's. */
static void *next(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (function == NULL) {
		abort();
	}
	return function;
}

cs_error_t votequorum_initialize(votequorum_handle_t *handle, votequorum_callbacks_t *callbacks)
{
	cs_error_t (*real)(votequorum_handle_t *, votequorum_callbacks_t *);
	cs_error_t result;

	*(void **)&real = next("votequorum_initialize");
	result = real(handle, callbacks);
	note("initialize callbacks=%d = %d\n", callbacks != NULL, result);
	return result;
}

cs_error_t votequorum_finalize(votequorum_handle_t handle)
{
	cs_error_t (*real)(votequorum_handle_t);
	cs_error_t result;

	*(void **)&real = next("votequorum_finalize");
	result = real(handle);
	note("finalize = %d\n", result);
	return result;
}

cs_error_t votequorum_getinfo(votequorum_handle_t handle, unsigned int node,
			      struct votequorum_info *info)
{
	cs_error_t (*real)(votequorum_handle_t, unsigned int, struct votequorum_info *);
	cs_error_t result;

	*(void **)&real = next("votequorum_getinfo");
	result = real(handle, node, info);
	if (result == CS_OK) {
		note("getinfo(%u) = 1 node=%u state=%u total=%u flags=%#x\n", node, info->node_id,
		     info->node_state, info->total_votes, info->flags);
	} else {
		note("getinfo(%u) = %d\n", node, result);
	}
	return result;
}
