#include <corosync/corotypes.h>
#include <corosync/quorum.h>
#include <stdio.h>

static void list(const char *what, uint32_t entries, const uint32_t *nodes)
{
	printf(" %s", what);
	for (uint32_t i = 0; i < entries; i++)
		printf(" %u", nodes[i]);
}

static void on_v0(quorum_handle_t handle, uint32_t quorate, uint64_t seq, uint32_t entries,
		  uint32_t *nodes)
{
	printf("v0 quorate %u ring %llu", quorate, (unsigned long long)seq);
	list("members", entries, nodes);
	printf("\n");
	(void)handle;
}

static void on_quorum(quorum_handle_t handle, uint32_t quorate, struct quorum_ring_id ring,
		      uint32_t entries, const uint32_t *nodes)
{
	printf("v1 quorate %u ring %u.%llu", quorate, ring.nodeid, (unsigned long long)ring.seq);
	list("members", entries, nodes);
	printf("\n");
	(void)handle;
}

static void on_nodes(quorum_handle_t handle, struct quorum_ring_id ring, uint32_t members,
		     const uint32_t *member, uint32_t joined, const uint32_t *join, uint32_t left,
		     const uint32_t *leave)
{
	printf("v1 ring %u.%llu", ring.nodeid, (unsigned long long)ring.seq);
	list("members", members, member);
	list("joined", joined, join);
	list("left", left, leave);
	printf("\n");
	(void)handle;
}

static void use(quorum_handle_t handle)
{
	int quorate = -1;
	int error = quorum_getquorate(handle, &quorate);

	printf("getquorate %d %d\n", error, quorate);
	printf("trackstart %d\n", quorum_trackstart(handle, CS_TRACK_CURRENT | CS_TRACK_CHANGES));
	printf("dispatch %d\n", quorum_dispatch(handle, CS_DISPATCH_ALL));
	printf("trackstop %d\n", quorum_trackstop(handle));
	printf("finalize %d\n", quorum_finalize(handle));
}

int main(void)
{
	quorum_callbacks_t v0 = { on_v0 };
	quorum_model_v1_data_t v1 = { QUORUM_MODEL_V1, on_quorum, on_nodes };
	quorum_handle_t handle;
	uint32_t type = 9;

	printf("initialize %d", quorum_initialize(&handle, &v0, &type));
	printf(" type %u\n", type);
	use(handle);
	printf("model 1 %d", quorum_model_initialize(&handle, QUORUM_MODEL_V1,
						     (quorum_model_data_t *)&v1, &type, NULL));
	printf(" type %u\n", type);
	use(handle);
	return 0;
}
