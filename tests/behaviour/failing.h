/* Memory that runs out where a program says. Its own malloc() serves the library as well. */
#ifndef QUORATE_TESTS_FAILING_H
#define QUORATE_TESTS_FAILING_H

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

/* Allocations until one fails; negative: none does. All after the first fail as well, unless
 * `only_one` says otherwise. */
static __thread long countdown = -1;
static __thread long failed;

/* The same for all threads that have not said that they are the program's. */
static __thread int is_of_program;
static atomic_long countdown_of_library = -1;
static atomic_long failed_of_library;

static int only_one;

/* Smaller allocations of the library's threads do not fail. */
static size_t least_of_library;

static int refused(size_t size)
{
	long left = countdown;

	if (is_of_program) {
		countdown -= left > 0 || (left == 0 && only_one);
		failed += left == 0;
	} else if (size >= least_of_library) {
		left = atomic_load(&countdown_of_library);
		while ((left > 0 || (left == 0 && only_one)) &&
		       !atomic_compare_exchange_weak(&countdown_of_library, &left, left - 1)) {
		}
		atomic_fetch_add(&failed_of_library, left == 0);
	} else {
		left = -1;
	}
	if (left == 0) {
		errno = ENOMEM;
	}
	return left == 0;
}

void *malloc(size_t size)
{
	return refused(size) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return refused(count * size) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return refused(size) ? NULL : __libc_realloc(old, size);
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
	*result = refused(size) ? NULL : __libc_memalign(alignment, size);
	return *result == NULL ? ENOMEM : 0;
}

#endif
