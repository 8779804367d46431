/* Signals at 3 kHz, which leave the alarm that ends a program that hangs alone. */
#ifndef QUORATE_TESTS_SIGNALS_H
#define QUORATE_TESTS_SIGNALS_H

#include <signal.h>
#include <time.h>

static volatile sig_atomic_t ticks;

static void on_tick(int number)
{
	(void)number;
	ticks++;
}

static void start_ticks(void)
{
	timer_t timer;
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
	struct itimerspec rate = {{0, 333333}, {0, 333333}};
	struct sigaction action = {.sa_handler = on_tick};

	sigaction(SIGUSR2, &action, NULL);
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &rate, NULL);
}

#endif
