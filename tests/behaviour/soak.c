/*
 * Many threads, each with many handles, call every function and finalize at random, also handles
 * that other threads are using; every answer must be the right one. Says what was lost.
 * Usage: soak SECONDS
 */
#include "../c/common.h"
#include "toll.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 16
#define HANDLES 8

/* Handles that all threads may use; 0 is one that is being made. */
static _Atomic votequorum_handle_t table[THREADS * HANDLES];

static atomic_ulong calls, opens, closes, events, wrong, busy;
static atomic_int stop;

static void complain(const char *what, cs_error_t result)
{
	if (atomic_fetch_add(&wrong, 1) < 10) {
		fprintf(stderr, "%s: %d\n", what, result);
	}
}

static void on_nodes_quietly(votequorum_handle_t handle, uint64_t context,
			     votequorum_ring_id_t ring, uint32_t entries, uint32_t list[])
{
	(void)handle, (void)ring;
	atomic_fetch_add(&events, 1);
	if (context != 7 || entries != 1 || list[0] != 1) {
		complain("node list", (cs_error_t)entries);
	}
}

static void on_quorum_quietly(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
			      uint32_t entries, votequorum_node_t list[])
{
	(void)handle;
	atomic_fetch_add(&events, 1);
	if (context != 7 || quorate != 1 || entries != 1 || list[0].nodeid != 1) {
		complain("quorum", (cs_error_t)entries);
	}
}

static votequorum_handle_t opened_quietly(void)
{
	votequorum_callbacks_t callbacks = {
		.votequorum_quorum_notify_fn = on_quorum_quietly,
		.votequorum_nodelist_notify_fn = on_nodes_quietly,
	};
	votequorum_handle_t handle = 0;
	cs_error_t result;

	while ((result = votequorum_initialize(&handle, &callbacks)) == CS_ERR_TRY_AGAIN) {
		usleep(1000);
	}
	if (result != CS_OK) {
		complain("initialize", result);
	}
	atomic_fetch_add(&opens, 1);
	return handle;
}

/* The answer that the function has for a handle that is there; any function may find it gone. */
static void expect(const char *what, cs_error_t result, cs_error_t right, cs_error_t also)
{
	atomic_fetch_add(&calls, 1);
	if (result == CS_ERR_TRY_AGAIN) {
		atomic_fetch_add(&busy, 1);
	} else if (result != right && result != also && result != CS_ERR_BAD_HANDLE) {
		complain(what, result);
	}
}

static void one_call(votequorum_handle_t handle, unsigned which)
{
	votequorum_ring_id_t ring = {1, 1};
	struct votequorum_info info;
	cs_error_t result;
	void *context;
	int fd;

	switch (which) {
	case 0:
	case 1:
	case 2:
		memset(&info, 0, sizeof(info));
		result = votequorum_getinfo(handle, 1, &info);
		expect("getinfo", result, CS_OK, CS_OK);
		if (result == CS_OK && (info.node_id != 1 || info.node_votes != 1)) {
			complain("getinfo is another's", (cs_error_t)info.node_id);
		}
		break;
	case 3:
		expect("getinfo of nobody", votequorum_getinfo(handle, 99, &info),
		       CS_ERR_NOT_EXIST, CS_ERR_NOT_EXIST);
		break;
	case 4:
		expect("setexpected", votequorum_setexpected(handle, 1), CS_OK, CS_OK);
		break;
	case 5:
		expect("setvotes", votequorum_setvotes(handle, 99, 1), CS_ERR_NAME_NOT_FOUND,
		       CS_ERR_NAME_NOT_FOUND);
		break;
	case 6:
		expect("trackstart", votequorum_trackstart(handle, 7, CS_TRACK_CHANGES), CS_OK,
		       CS_ERR_EXIST);
		break;
	case 7:
		expect("trackstop", votequorum_trackstop(handle), CS_OK, CS_ERR_NOT_EXIST);
		break;
	case 8:
		expect("dispatch", votequorum_dispatch(handle, CS_DISPATCH_ALL), CS_OK, CS_OK);
		break;
	case 9:
		expect("dispatch one", votequorum_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING),
		       CS_OK, CS_OK);
		break;
	case 10:
		expect("fd_get", votequorum_fd_get(handle, &fd), CS_OK, CS_OK);
		break;
	case 11:
		expect("context_set", votequorum_context_set(handle, table), CS_OK, CS_OK);
		context = table;
		expect("context_get", votequorum_context_get(handle, &context), CS_OK, CS_OK);
		break;
	case 12:
		expect("update", votequorum_qdevice_update(handle, "device", "other"),
		       CS_ERR_NOT_EXIST, CS_ERR_NOT_EXIST);
		break;
	case 13:
		expect("poll", votequorum_qdevice_poll(handle, "device", 1, ring),
		       CS_ERR_NOT_EXIST, CS_ERR_MESSAGE_ERROR);
		break;
	case 14:
		expect("master_wins", votequorum_qdevice_master_wins(handle, "device", 1),
		       CS_ERR_NOT_EXIST, CS_ERR_NOT_EXIST);
		break;
	default:
		expect("unregister", votequorum_qdevice_unregister(handle, "device"),
		       CS_ERR_NOT_EXIST, CS_ERR_NOT_EXIST);
		break;
	}
}

static void *work(void *argument)
{
	unsigned seed = 1 + (unsigned)(intptr_t)argument;

	while (!atomic_load(&stop)) {
		unsigned slot = (unsigned)rand_r(&seed) % (THREADS * HANDLES);
		unsigned what = (unsigned)rand_r(&seed) % 64;
		votequorum_handle_t handle = atomic_load(&table[slot]);

		if (what > 15 + 46) {
			/* Whoever takes the handle out ends it; others may be using it. */
			handle = atomic_exchange(&table[slot], 0);
			if (handle == 0) {
				continue;
			}
			if (votequorum_finalize(handle) != CS_OK) {
				complain("finalize", CS_ERR_BAD_HANDLE);
			}
			atomic_fetch_add(&closes, 1);
			atomic_store(&table[slot], opened_quietly());
		} else if (handle != 0) {
			one_call(handle, what % 16);
		}
	}
	return NULL;
}

int main(int count, char **arguments)
{
	pthread_t threads[THREADS];
	int seconds;
	int64_t end;
	struct toll before;

	start();
	seconds = count == 2 ? atoi(arguments[1]) : 1;
	alarm((unsigned)seconds + 120);
	/* The first round, of a second, makes what is made once, and is not counted. */
	for (int round = 0; round < 2; round++) {
		before = toll();
		end = now_ms() + 1000 * (round == 0 ? 1 : seconds);
		atomic_store(&stop, 0);
		for (int i = 0; i < THREADS * HANDLES; i++) {
			atomic_store(&table[i], opened_quietly());
		}
		for (int i = 0; i < THREADS; i++) {
			pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i);
		}
		while (now_ms() < end) {
			usleep(10000);
		}
		atomic_store(&stop, 1);
		for (int i = 0; i < THREADS; i++) {
			pthread_join(threads[i], NULL);
		}
		for (int i = 0; i < THREADS * HANDLES; i++) {
			atomic_fetch_add(&closes, votequorum_finalize(atomic_load(&table[i])) == CS_OK);
		}
	}
	fprintf(stderr, "%lu calls, %lu told to try again, %lu handles, %lu events\n", calls, busy, opens,
		events);
	printf("wrong %lu, handles left %ld, used in earnest %d, ", wrong, (long)(opens - closes),
	       calls > 1000 && opens > THREADS * HANDLES * 2 && events > 100);
	print_lost(&before);
	return 0;
}
