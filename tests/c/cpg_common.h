/*
 * What the programs about groups share.
 */
#ifndef QUORATE_TESTS_CPG_COMMON_H
#define QUORATE_TESTS_CPG_COMMON_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <corosync/cpg.h>

/* Seconds after which a program that hangs is ended. */
#define LIMIT 240

#define UNUSED __attribute__((unused))

UNUSED static unsigned int local;

UNUSED static void begin(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(LIMIT);
}

UNUSED static struct cpg_name named(const char *text)
{
	struct cpg_name name = { .length = strnlen(text, CPG_MAX_NAME_LENGTH) };

	memcpy(name.value, text, name.length);
	return name;
}

/* As programs do it: until corosync has the time. */
UNUSED static cs_error_t join(cpg_handle_t handle, struct cpg_name *group)
{
	cs_error_t result;

	while ((result = cpg_join(handle, group)) == CS_ERR_TRY_AGAIN) {
		usleep(1000);
	}
	return result;
}

UNUSED static cs_error_t multicast(cpg_handle_t handle, const void *message, size_t bytes)
{
	struct iovec part = { .iov_base = (void *)(uintptr_t)message, .iov_len = bytes };
	cs_error_t result;

	while ((result = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &part, 1)) ==
	       CS_ERR_TRY_AGAIN) {
		usleep(1000);
	}
	return result;
}

UNUSED static uint32_t sum_of(const void *message, size_t bytes)
{
	const unsigned char *byte = message;
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes; i++) {
		sum = sum * 31 + byte[i];
	}
	return sum;
}

#endif
