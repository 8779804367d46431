/* How long calls and events take. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "driver.h"

#define WARM_UP 200

static uint64_t *numbers(long count)
{
	uint64_t *all = calloc((size_t)count + 1, sizeof(*all));

	if (all == NULL) {
		fprintf(stderr, "no memory for %ld numbers\n", count);
		exit(1);
	}
	return all;
}

static void print_all(const char *kind, uint64_t *all, long count)
{
	for (long i = 0; i < count; i++) {
		sample(kind, (double)all[i]);
	}
	free(all);
}

void measure_getinfo(long rounds)
{
	static votequorum_handle_t handle;
	struct votequorum_info info;
	uint64_t *times = numbers(rounds);

	if (handle == 0) {
		handle = open_handle();
		for (int i = 0; i < WARM_UP; i++) {
			must("votequorum_getinfo", votequorum_getinfo(handle, 0, &info));
		}
	}
	for (long i = 0; i < rounds; i++) {
		uint64_t start = now();

		must("votequorum_getinfo", votequorum_getinfo(handle, 0, &info));
		times[i] = now() - start;
	}
	print_all("getinfo", times, rounds);
}

/* Nothing but the calls, for tools that count. */
void only_getinfo(long rounds)
{
	votequorum_handle_t handle = open_handle();
	struct votequorum_info info;

	for (long i = 0; i < rounds; i++) {
		must("votequorum_getinfo", votequorum_getinfo(handle, 0, &info));
	}
	must("votequorum_finalize", votequorum_finalize(handle));
}

void measure_cycles(long rounds)
{
	uint64_t *times = numbers(rounds);

	for (long i = 0; i < rounds; i++) {
		uint64_t start = now();

		must("votequorum_finalize", votequorum_finalize(open_handle()));
		times[i] = now() - start;
	}
	print_all("cycle", times, rounds);
}

static void wait_for_event(votequorum_handle_t handle)
{
	struct pollfd ready = { .events = POLLIN };

	must("votequorum_fd_get", votequorum_fd_get(handle, &ready.fd));
	poll(&ready, 1, -1);
}

/* By twos, for that is how many one request queues: a library may do the work of several at once. */
void measure_queued(long events)
{
	votequorum_handle_t handle = open_handle();
	long pairs = events / 2;
	uint64_t *times = numbers(pairs);

	for (long done = 0; done < pairs; done++) {
		must("votequorum_trackstart",
		     votequorum_trackstart(handle, 0, CS_TRACK_CURRENT));
		wait_for_event(handle);
		for (int event = 0; event < 2; event++) {
			uint64_t start = now();

			must("votequorum_dispatch",
			     votequorum_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
			times[done] += now() - start;
		}
		times[done] /= 2;
	}
	must("votequorum_finalize", votequorum_finalize(handle));
	print_all("queued", times, pairs);
}

void measure_empty(long rounds)
{
	votequorum_handle_t handle = open_handle();
	uint64_t *times = numbers(rounds);

	for (long i = 0; i < rounds; i++) {
		uint64_t start = now();

		must("votequorum_dispatch", votequorum_dispatch(handle, CS_DISPATCH_ALL));
		times[i] = now() - start;
	}
	must("votequorum_finalize", votequorum_finalize(handle));
	print_all("empty", times, rounds);
}

void measure_trackstart(long rounds)
{
	votequorum_handle_t handle = open_handle();
	uint64_t *times = numbers(rounds);

	for (long i = 0; i < rounds; i++) {
		uint64_t start = now();

		must("votequorum_trackstart",
		     votequorum_trackstart(handle, 0, CS_TRACK_CURRENT));
		times[i] = now() - start;
		must("votequorum_dispatch", votequorum_dispatch(handle, CS_DISPATCH_ALL));
	}
	must("votequorum_finalize", votequorum_finalize(handle));
	print_all("trackstart", times, rounds);
}

static void *dispatch_for_ever(void *handle)
{
	votequorum_dispatch(*(votequorum_handle_t *)handle, CS_DISPATCH_BLOCKING);
	return NULL;
}

/* From asking for the present state in one thread to the callback in another. */
void measure_event(long rounds)
{
	static votequorum_handle_t handle;
	static pthread_t dispatcher;
	unsigned long seen = events_seen();
	uint64_t *times = numbers(rounds);

	if (handle == 0) {
		handle = open_handle();
		pthread_create(&dispatcher, NULL, dispatch_for_ever, &handle);
	}
	for (long i = 0; i < rounds; i++) {
		uint64_t start = now();

		must("votequorum_trackstart",
		     votequorum_trackstart(handle, 0, CS_TRACK_CURRENT));
		/* Two events each: the list of nodes, and quorum. */
		while (events_seen() < seen + 2) {
		}
		seen += 2;
		times[i] = last_event() - start;
	}
	print_all("event", times, rounds);
}

void measure_burst(long events)
{
	votequorum_handle_t handle = open_handle();
	unsigned long wanted = events_seen() + (unsigned long)events;
	uint64_t start;

	for (long i = 0; i < events / 2; i++) {
		cs_error_t result;

		while ((result = votequorum_trackstart(handle, 0, CS_TRACK_CURRENT)) ==
		       CS_ERR_TRY_AGAIN) {
		}
		must("votequorum_trackstart", result);
	}
	start = now();
	while (events_seen() < wanted) {
		must("votequorum_dispatch", votequorum_dispatch(handle, CS_DISPATCH_ALL));
	}
	sample("burst", (double)(now() - start) / (double)events);
	must("votequorum_finalize", votequorum_finalize(handle));
}
