/* libncssdk at rest: its reader closes what is not needed any more when it comes to it, and ends. */
#ifndef QUORATE_TESTS_NCS_REST_H
#define QUORATE_TESTS_NCS_REST_H

#include "toll.h"

#include <dirent.h>
#include <unistd.h>

static int threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int count = 0;

	for (struct dirent *entry; tasks != NULL && (entry = readdir(tasks)) != NULL;) {
		count += entry->d_name[0] != '.';
	}
	closedir(tasks);
	return count;
}

/* What the program holds once no more than so many threads are left. */
static struct toll at_rest(int threads_left)
{
	while (threads() > threads_left) {
		usleep(1000);
	}
	return toll();
}

#endif
