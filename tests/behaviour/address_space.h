/* How much address space the program has, in bytes. */
#ifndef QUORATE_TESTS_ADDRESS_SPACE_H
#define QUORATE_TESTS_ADDRESS_SPACE_H

#include <stdio.h>
#include <stdlib.h>

static unsigned long address_space(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (file == NULL || fscanf(file, "%lu", &pages) != 1) {
		exit(1);
	}
	fclose(file);
	return pages * 4096;
}

#endif
