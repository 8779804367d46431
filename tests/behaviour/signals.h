/* Signals at 3 kHz, which leave the alarm that ends a program that hangs alone. */
#ifndef QUORATE_TESTS_SIGNALS_H
#define QUORATE_TESTS_SIGNALS_H

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t ticks;

static void on_tick(int number)
{
	(void)number;
	ticks++;
}

static timer_t start_timer(struct sigevent *event)
{
	timer_t timer;
	struct itimerspec rate = {{0, 333333}, {0, 333333}};
	struct sigaction action = {.sa_handler = on_tick};

	event->sigev_signo = SIGUSR2;
	sigaction(SIGUSR2, &action, NULL);
	timer_create(CLOCK_MONOTONIC, event, &timer);
	timer_settime(timer, 0, &rate, NULL);
	return timer;
}

static inline void start_ticks(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL};

	start_timer(&event);
}

/* For the calling thread alone. */
static inline timer_t start_ticks_here(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID};

	event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	return start_timer(&event);
}

#endif
