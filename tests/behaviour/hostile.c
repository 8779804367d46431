/*
 * Every function of libvotequorum in turn, each on a connection of its own, while the daemon does
 * what it likes. Says what the program has lost by it.
 */
#include "../c/common.h"
#include "toll.h"

/* The first rounds are not counted: some things are made once. */
#define WARM_UP 100

static unsigned long events;

/* Of all that callbacks are given: every byte of it must be there. */
static volatile unsigned checksum;

static void count_quorum(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
			 uint32_t entries, votequorum_node_t list[])
{
	(void)handle, (void)context, (void)quorate;
	events++;
	for (uint32_t i = 0; i < entries; i++) {
		checksum += list[i].nodeid;
	}
}

static void count_nodes(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t ring,
			uint32_t entries, uint32_t list[])
{
	(void)handle, (void)context, (void)ring;
	events++;
	for (uint32_t i = 0; i < entries; i++) {
		checksum += list[i];
	}
}

static void count_expected(votequorum_handle_t handle, uint64_t context, uint32_t votes)
{
	(void)handle, (void)context, (void)votes;
	events++;
}

static void count_extra(votequorum_handle_t handle, uint64_t context, uint32_t nodeid,
			uint32_t length, void *info)
{
	(void)handle, (void)context, (void)nodeid;
	events++;
	for (uint32_t i = 0; i < length; i++) {
		checksum += ((unsigned char *)info)[i];
	}
}

static cs_error_t call(votequorum_handle_t handle, int which)
{
	votequorum_ring_id_t ring = {1, 4};
	struct votequorum_info info;
	char extra[VOTEQUORUM_QDEVICE_EXTRA_NODEINFO_MAXSIZE] = {0};
	uint32_t length = 0;

	switch (which) {
	case 0:
		return votequorum_getinfo(handle, 0, &info);
	case 1:
		return votequorum_setexpected(handle, 3);
	case 2:
		return votequorum_setvotes(handle, 1, 1);
	case 3:
	case 4:
	case 5:
		return votequorum_trackstart(handle, 7, CS_TRACK_CHANGES);
	case 6:
		return votequorum_trackstop(handle);
	case 7:
		return votequorum_qdevice_register(handle, "device");
	case 8:
		return votequorum_qdevice_unregister(handle, "device");
	case 9:
		return votequorum_qdevice_update(handle, "device", "other");
	case 10:
		return votequorum_qdevice_poll(handle, "device", 1, ring);
	case 11:
		return votequorum_qdevice_master_wins(handle, "device", 1);
	case 12:
		return votequorum_set_qdevice_extra_info(handle, 16, extra);
	default:
		return votequorum_get_qdevice_extra_info(handle, 1, &length, extra);
	}
}

static int known(cs_error_t result)
{
	return (result >= CS_OK && result <= CS_ERR_TOO_MANY_GROUPS) || result == CS_ERR_SECURITY;
}

static int one_round(int which)
{
	votequorum_model_v1_data_t model = {
		.model = VOTEQUORUM_MODEL_V1,
		.votequorum_quorum_notify_fn = count_quorum,
		.votequorum_nodelist_notify_fn = count_nodes,
		.votequorum_expectedvotes_notify_fn = count_expected,
		.votequorum_qdevice_extra_info_fn = count_extra,
	};
	votequorum_handle_t handle;
	cs_error_t result;

	result = votequorum_model_initialize(&handle, &model);
	if (result == CS_OK) {
		result = call(handle, which);
		if (!known(votequorum_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING)) ||
		    !known(votequorum_dispatch(handle, CS_DISPATCH_ALL)) ||
		    votequorum_finalize(handle) != CS_OK) {
			printf("function %d: what is this?\n", which);
		}
	}
	if (!known(result)) {
		printf("function %d: result %d\n", which, result);
	}
	return result != CS_OK;
}

int main(int count, char **arguments)
{
	int rounds = count == 2 ? atoi(arguments[1]) : 0;
	struct toll before = {0};
	int failed = 0;

	start();
	alarm(240);
	for (int i = 0; i < WARM_UP + rounds; i++) {
		if (i == WARM_UP) {
			before = toll();
		}
		failed += one_round(i % 14);
	}
	fprintf(stderr, "%d of %d rounds failed, %lu events\n", failed, WARM_UP + rounds, events);
	printf("%s failed, ", failed == 0 ? "none" : "some");
	print_lost(&before);
	return 0;
}
