/* Memory that runs out where a program says. Its own malloc() serves the library as well. */
#ifndef QUORATE_TESTS_FAILING_H
#define QUORATE_TESTS_FAILING_H

#include <stdlib.h>
#include <errno.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

/* Allocations until one fails; negative: none does. All after the first fail as well. */
static __thread long countdown = -1;
static __thread long failed;

static int refused(void)
{
	if (countdown < 0 || countdown-- > 0) {
		return 0;
	}
	countdown = 0;
	failed++;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return refused() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return refused() ? NULL : __libc_realloc(old, size);
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
	*result = refused() ? NULL : __libc_memalign(alignment, size);
	return *result == NULL ? ENOMEM : 0;
}

#endif
