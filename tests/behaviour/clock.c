/*
 * The clock of the day is set forward by an hour between the moments at which a function looks at
 * it and sleeps: this program's clock serves the library as well.
 */
#include "cases.h"

#include <sys/syscall.h>
#include <sys/time.h>

static volatile long ahead;
static volatile int asked;

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
		asked++;
		now->tv_sec += ahead;
	}
	return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec time;
	int result = clock_gettime(CLOCK_REALTIME, &time);

	(void)zone;
	now->tv_sec = time.tv_sec;
	now->tv_usec = time.tv_nsec / 1000;
	return result;
}

static void *ask_once(void *argument)
{
	unsigned node;

	(void)argument;
	entered = gettid();
	return (void *)(intptr_t)info_of(shared, 0, &node);
}

int main(int count, char **arguments)
{
	pthread_t thread;
	void *result;

	start();
	alarm((unsigned)atoi(arguments[count - 1]));
	shared = opened();
	ahead = 3600;
	printf("getinfo %d\n", usable(shared));
	tell("stop");
	pthread_create(&thread, NULL, ask_once, NULL);
	wait_asleep();
	tell("kill");
	pthread_join(thread, &result);
	printf("in flight %d\n", (int)(intptr_t)result);
	fprintf(stderr, "the clock of the day was asked for %d times\n", asked);
	return 0;
}
