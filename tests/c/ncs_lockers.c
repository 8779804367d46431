/*
 * Four threads that contend for eight keys with all others in the cluster. Each writes down when
 * it had which: a record when it has come by a lock, and one before it gives it up.
 * Usage: ncs_lockers DIRECTORY SECONDS
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <ncssdk.h>

#define THREADS 4
#define KEYS 8

/* As the harness reads it. */
struct record {
	uint64_t nanoseconds;
	uint32_t key;
	uint32_t held;
};

static const char *directory;
static uint64_t end;

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void fail(const char *what, NCS_RETURN result)
{
	printf("%s: %u\n", what, result);
	exit(1);
}

static void ignore(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members, UINT32 FailedMask,
		   UINT32 MasterMask)
{
	(void)Handle, (void)GroupEpoch, (void)FailedMask, (void)MasterMask;
	if (Members == 0) {
		fail("left the cluster", 0);
	}
}

static void write_down(int file, uint32_t key, uint32_t held)
{
	struct record record = { now(), key, held };

	if (write(file, &record, sizeof(record)) != sizeof(record)) {
		fail("write", 0);
	}
}

static void *contend(void *number)
{
	unsigned seed = (unsigned)getpid() * THREADS + (unsigned)(uintptr_t)number;
	char path[4096];
	NCS_HANDLE handle;
	NCS_RETURN result = NCS_Register("lockers", ignore, &handle);
	int file;

	snprintf(path, sizeof(path), "%s/thread%u", directory, (unsigned)(uintptr_t)number);
	file = open(path, O_CREAT | O_WRONLY | O_APPEND, 0600);
	if (result != NCS_SUCCESS || file < 0) {
		fail("start", result);
	}
	while (now() < end) {
		uint32_t key = (uint32_t)rand_r(&seed) % KEYS;
		UINT32 holder = 0;

		if (rand_r(&seed) % 4 == 0) {
			result = NCS_TryLock(handle, &key, sizeof(key), &holder);
			if (result == NCS_TRYLOCK_HELD) {
				/* One bit, of one of the three nodes. */
				if (holder != 1 && holder != 2 && holder != 4) {
					fail("holder", holder);
				}
				continue;
			}
		} else {
			result = NCS_Lock(handle, &key, sizeof(key));
		}
		if (result != NCS_SUCCESS) {
			fail("lock", result);
		}
		write_down(file, key, 1);
		write_down(file, key, 0);
		result = NCS_UnLock(handle, &key, sizeof(key));
		if (result != NCS_SUCCESS) {
			fail("unlock", result);
		}
	}
	result = NCS_Deregister(handle);
	if (result != NCS_SUCCESS) {
		fail("deregister", result);
	}
	return NULL;
}

/* Whether anybody has left anything locked. */
static void try_all(void)
{
	NCS_HANDLE handle;
	NCS_RETURN result = NCS_Register("lockers", ignore, &handle);

	for (uint32_t key = 0; result == NCS_SUCCESS && key < KEYS; key++) {
		UINT32 holder = 0;

		result = NCS_TryLock(handle, &key, sizeof(key), &holder);
		if (result == NCS_SUCCESS) {
			result = NCS_UnLock(handle, &key, sizeof(key));
		}
	}
	if (result != NCS_SUCCESS) {
		fail("at last", result);
	}
	printf("nothing is locked\n");
}

int main(int count, char *arguments[])
{
	pthread_t threads[THREADS];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (count != 3) {
		return 2;
	}
	directory = arguments[1];
	end = now() + (uint64_t)atoi(arguments[2]) * 1000000000u;
	for (uintptr_t i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, contend, (void *)i) != 0) {
			fail("thread", 0);
		}
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	printf("done\n");
	/* All others are done as well when the harness says so. */
	if (getchar() == '\n') {
		try_all();
	}
	return 0;
}
