/*
 * Every example of the manual of libvotequorum, libquorate and libcorosync_common, in simulated
 * clusters: each does what its page says. The argument is a scenario with a quorum device: to
 * register one waits for the ring, so that time has to pass by itself.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <corosync/votequorum.h>
#include <quorate.h>

#include "examples.h"

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "line %d: %s: %s\n", __LINE__, #what,                      \
				quorate_error_text());                                             \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

#define SETTLE(cluster) CHECK(quorate_wait_idle(cluster, 60000) == QUORATE_OK)

static struct votequorum_info info_of(votequorum_handle_t handle)
{
	struct votequorum_info info;

	CHECK(votequorum_getinfo(handle, 0, &info) == CS_OK);
	return info;
}

static quorate_t *three(void)
{
	quorate_t *cluster = quorate_start(3);

	CHECK(cluster != NULL);
	return cluster;
}

static void votes(void)
{
	quorate_t *cluster = three();
	votequorum_handle_t handle;
	struct pollfd entry;

	CHECK(quorate_use_node(cluster, 1) == QUORATE_OK);
	CHECK(connect_patiently(&handle) && is_quorate(handle));
	CHECK(count_votes() == 3);
	CHECK(remember(handle, &entry) == CS_OK && context_of(handle) == &entry);
	CHECK(watch(handle, &entry) && entry.fd >= 0);
	CHECK(enough(handle) == CS_ERR_NOT_EXIST);
	CHECK(failed("no error", CS_OK) == 0 && failed("not tracked", CS_ERR_NOT_EXIST) == 1);
	CHECK(quorate_set_expected(cluster, 1, 5) == QUORATE_OK);
	CHECK(expect_three(handle) == CS_OK);
	SETTLE(cluster);
	CHECK(info_of(handle).highest_expected == 3);
	CHECK(count_twice(handle, 2) == CS_OK);
	SETTLE(cluster);
	CHECK(info_of(handle).total_votes == 4);
	stop(handle);
	CHECK(!is_quorate(handle));

	CHECK(connect_with_model(&handle) == CS_OK);
	CHECK(show_state_once(handle) == CS_OK && enough(handle) == CS_ERR_NOT_EXIST);
	CHECK(votequorum_trackstart(handle, 0, CS_TRACK_CHANGES) == CS_OK);
	CHECK(enough(handle) == CS_OK);
	stop(handle);
	CHECK(quorate_stop(cluster) == QUORATE_OK);
}

/* Whoever registers is told of the ring when it dispatches, and votes then. */
static votequorum_handle_t device(quorate_t *cluster)
{
	votequorum_callbacks_t callbacks = {.votequorum_nodelist_notify_fn = on_nodes};
	votequorum_handle_t handle;

	CHECK(votequorum_initialize(&handle, &callbacks) == CS_OK && begin(handle) == CS_OK);
	SETTLE(cluster);
	CHECK(votequorum_dispatch(handle, CS_DISPATCH_ALL) == CS_OK);
	CHECK(info_of(handle).flags & VOTEQUORUM_INFO_QDEVICE_CAST_VOTE);
	return handle;
}

static void devices(quorate_t *cluster)
{
	votequorum_handle_t handle = device(cluster);
	struct pollfd entry;

	CHECK(decide_alone(handle) == CS_OK);
	CHECK(publish(handle, "score 7") == CS_OK);
	SETTLE(cluster);
	CHECK(info_of(handle).flags & VOTEQUORUM_INFO_QDEVICE_MASTER_WINS);
	show_score(handle, 1);
	CHECK(end(handle) == CS_OK);
	SETTLE(cluster);
	CHECK(!(info_of(handle).flags & VOTEQUORUM_INFO_QDEVICE_REGISTERED));
	stop(handle);

	handle = device(cluster);
	CHECK(take_over(handle) == CS_OK);
	SETTLE(cluster);
	CHECK(end(handle) == CS_ERR_INVALID_PARAM);
	CHECK(strcmp(info_of(handle).qdevice_name, "standby") == 0);
	CHECK(watch(handle, &entry));
	CHECK(quorate_kill(cluster, 1) == QUORATE_OK);
	CHECK(serve(handle, entry.fd) == CS_ERR_LIBRARY);
	stop(handle);
}

static void clusters(void)
{
	votequorum_handle_t handle;
	quorate_t *cluster = three();
	uint64_t noticed = milliseconds_until_noticed(cluster, 3);

	CHECK(noticed > 100 && noticed < 60000);
	CHECK(quorate_up(cluster, 3) == QUORATE_OK);
	SETTLE(cluster);
	CHECK(loses_quorum_alone(cluster));
	CHECK(live_on(cluster, 2, &handle) && info_of(handle).node_id == 2);
	stop(handle);
	CHECK(survives_a_death(cluster, 3, 1));
	CHECK(votes_missing(cluster, 1) == 0);
	CHECK(!survives_a_death(cluster, 2, 1));
	CHECK(votes_missing(cluster, 1) == 1);
	CHECK(quorate_stop(cluster) == QUORATE_OK);

	cluster = three();
	CHECK(both_die_at_once(cluster));
	CHECK(quorate_stop(cluster) == QUORATE_OK);
	cluster = three();
	CHECK(one_node_outvotes_the_others(cluster));
	/* The configuration gives it no votes. */
	CHECK(!device_gives_a_vote(cluster));
	CHECK(quorate_stop(cluster) == QUORATE_OK);
	CHECK(three_are_quorate() && splits_as_it_should());
}

int main(int count, char **arguments)
{
	const char *const options[] = {"--scenario", arguments[count - 1], "--pace", "real",
				       NULL};
	quorate_t *cluster = quorate_start_with(options);

	CHECK(cluster != NULL && device_gives_a_vote(cluster));
	CHECK(quorate_qdevice_unregister(cluster, 1) == QUORATE_OK);
	SETTLE(cluster);
	CHECK(quorate_use_node(cluster, 1) == QUORATE_OK);
	devices(cluster);
	CHECK(quorate_stop(cluster) == QUORATE_OK);
	votes();
	clusters();
	return 0;
}
