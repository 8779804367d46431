/* What may be wrong with /dev/shm. */
#ifndef QUORATE_TESTS_SHARED_MEMORY_H
#define QUORATE_TESTS_SHARED_MEMORY_H

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

/* KiB that are used. */
static unsigned long shared_memory_used(void)
{
	struct statvfs now;

	statvfs("/dev/shm", &now);
	return (now.f_blocks - now.f_bfree) * now.f_frsize / 1024;
}

/* KiB that there are. */
static unsigned long shared_memory_in_all(void)
{
	struct statvfs now;

	statvfs("/dev/shm", &now);
	return now.f_blocks * now.f_frsize / 1024;
}

static int resize_shared_memory(unsigned long kilobytes)
{
	char size[32];

	snprintf(size, sizeof(size), "size=%luk", kilobytes);
	return mount(NULL, "/dev/shm", NULL, MS_REMOUNT, size);
}

/* Lets this process, and the threads that it starts, have mounts of their own. */
static int have_own_mounts(void)
{
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* Puts another one in its place, or itself, where nothing can be written. */
static int hide_shared_memory(int read_only)
{
	unsigned long flags = read_only ? MS_BIND : 0;
	const char *type = read_only ? NULL : "tmpfs";

	return mount(read_only ? "/dev/shm" : type, "/dev/shm", type, flags, NULL) == 0 &&
	       (!read_only ||
		mount(NULL, "/dev/shm", NULL, flags | MS_REMOUNT | MS_RDONLY, NULL) == 0);
}

#endif
