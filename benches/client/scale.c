/* Many connections, many threads. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "driver.h"

static votequorum_handle_t *open_many(long count)
{
	votequorum_handle_t *all = calloc((size_t)count, sizeof(*all));

	if (all == NULL) {
		fprintf(stderr, "no memory for %ld handles\n", count);
		exit(1);
	}
	for (long i = 0; i < count; i++) {
		all[i] = open_handle();
	}
	return all;
}

static void close_many(votequorum_handle_t *all, long count)
{
	for (long i = 0; i < count; i++) {
		must("votequorum_finalize", votequorum_finalize(all[i]));
	}
	free(all);
}

/* All of them in turn. */
static void call_all(const votequorum_handle_t *all, long count, long calls)
{
	struct votequorum_info info;
	uint64_t begin = now();

	for (long i = 0; i < calls; i++) {
		uint64_t start = now();

		must("votequorum_getinfo", votequorum_getinfo(all[i % count], 0, &info));
		sample("scale-getinfo", (double)(now() - start));
	}
	sample("scale-rate", (double)(now() - begin) / (double)calls);
}

/* Memory is that of connections which have been used. */
void measure_scale(long connections, long calls)
{
	double before[2] = { tmpfs(), own_memory() };
	uint64_t start = now();
	votequorum_handle_t *all = open_many(connections);

	sample("scale-open", (double)(now() - start) / (double)connections);
	call_all(all, connections, calls);
	sample("scale-tmpfs", (tmpfs() - before[0]) / (double)connections);
	sample("scale-memory", (own_memory() - before[1]) / (double)connections);
	start = now();
	close_many(all, connections);
	sample("scale-close", (double)(now() - start) / (double)connections);
}

struct worker {
	pthread_t thread;
	votequorum_handle_t handle;
	pthread_mutex_t *lock;
	unsigned node;
	long calls;
	long wrong;
};

/* Node 0 is known and any other number is not: the two answers can't be taken for each other. */
static void *work(void *argument)
{
	struct worker *worker = argument;
	cs_error_t wanted = worker->node == 0 ? CS_OK : CS_ERR_NOT_EXIST;

	for (long i = 0; i < worker->calls; i++) {
		struct votequorum_info info;
		cs_error_t result;

		if (worker->lock != NULL) {
			pthread_mutex_lock(worker->lock);
		}
		result = votequorum_getinfo(worker->handle, worker->node, &info);
		if (worker->lock != NULL) {
			pthread_mutex_unlock(worker->lock);
		}
		worker->wrong += result != wanted;
	}
	return NULL;
}

void measure_threads(long threads, long handles, long locked, long calls)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	votequorum_handle_t *all = open_many(handles);
	struct worker *workers = calloc((size_t)threads, sizeof(*workers));
	uint64_t start = now();
	long wrong = 0;

	for (long i = 0; i < threads; i++) {
		workers[i].handle = all[i % handles];
		workers[i].lock = locked ? &lock : NULL;
		workers[i].node = i % 2 == 0 ? 0 : 4711;
		workers[i].calls = calls;
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	for (long i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		wrong += workers[i].wrong;
	}
	sample("threads-call", (double)(now() - start) / (double)(threads * calls));
	sample("threads-wrong", (double)wrong);
	free(workers);
	close_many(all, handles);
}
