/* How many descriptors a process has. */
#ifndef QUORATE_TESTS_DESCRIPTORS_H
#define QUORATE_TESTS_DESCRIPTORS_H

#include <fcntl.h>

/* Where so many in a row are closed, no later one is open: each opens as the lowest that is free. */
#define GAP 1024

/* Wants neither a descriptor nor memory: a program may have run out of both. */
static int descriptors(void)
{
	int count = 0;

	for (int fd = 0, closed = 0; closed < GAP; fd++) {
		if (fcntl(fd, F_GETFD) == -1) {
			closed++;
		} else {
			count++;
			closed = 0;
		}
	}
	return count;
}

#endif
