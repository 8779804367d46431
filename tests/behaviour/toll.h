/* What a program holds, and what it has lost since. */
#ifndef QUORATE_TESTS_TOLL_H
#define QUORATE_TESTS_TOLL_H

#include "descriptors.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

/*
 * Bytes that printing keeps, and malloc: it counts what it has put aside for threads as used. A
 * session that is lost is more than that within a hundred of them.
 */
#define KEPT 32768

struct toll {
	int descriptors;
	int rings;
	size_t memory;
};

static int lines_with(const char *path, const char *text)
{
	FILE *file = fopen(path, "r");
	char line[512];
	int found = 0;

	while (fgets(line, sizeof(line), file) != NULL) {
		found += strstr(line, text) != NULL;
	}
	fclose(file);
	return found;
}

static struct toll toll(void)
{
	struct toll now = {descriptors(), lines_with("/proc/self/maps", "/qb-"), 0};

	now.memory = mallinfo2().uordblks;
	return now;
}

static void print_lost(const struct toll *before)
{
	struct toll now = toll();

	printf("lost: descriptors %d, rings %d, memory %s\n", now.descriptors - before->descriptors,
	       now.rings - before->rings,
	       now.memory <= before->memory + KEPT ? "none" : "some");
	if (now.memory > before->memory) {
		fprintf(stderr, "%zu bytes more than before\n", now.memory - before->memory);
	}
}

#endif
