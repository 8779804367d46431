#include <corosync/corotypes.h>
#include <corosync/cpg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static size_t received;

static void on_message(cpg_handle_t handle, const struct cpg_name *group, uint32_t nodeid,
		       uint32_t pid, void *message, size_t len)
{
	const unsigned char *bytes = message;
	size_t wrong = 0;

	for (size_t i = 0; i < len; i++)
		wrong += bytes[i] != (unsigned char)(i % 251);
	printf("%.*s: %zu bytes of %u, own %d, %zu wrong\n", (int)group->length, group->value, len,
	       nodeid, pid == (uint32_t)getpid(), wrong);
	received += len;
	(void)handle;
}

static void on_change(cpg_handle_t handle, const struct cpg_name *group,
		      const struct cpg_address *members, size_t member_count,
		      const struct cpg_address *left, size_t left_count,
		      const struct cpg_address *joined, size_t joined_count)
{
	printf("%.*s: %zu members %zu left %zu joined, reason %u\n", (int)group->length,
	       group->value, member_count, left_count, joined_count,
	       joined_count ? joined[0].reason : left[0].reason);
	(void)handle;
	(void)members;
}

static void on_ring(cpg_handle_t handle, struct cpg_ring_id ring, uint32_t entries,
		    const uint32_t *nodes)
{
	printf("ring %u.%llu of %u: %u %u\n", ring.nodeid, (unsigned long long)ring.seq, entries,
	       nodes[0], nodes[1]);
	(void)handle;
}

static int send_bytes(cpg_handle_t handle, size_t len)
{
	unsigned char *bytes = malloc(len);
	struct iovec part = { bytes, len };
	int error;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)(i % 251);
	error = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &part, 1);
	free(bytes);
	return error;
}

int main(void)
{
	cpg_model_v1_data_t model = { CPG_MODEL_V1, on_message, on_change, on_ring,
				      CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF };
	struct cpg_name group = { 4, "test" };
	struct cpg_iteration_description_t entry;
	struct cpg_address members[CPG_MEMBERS_MAX];
	cpg_iteration_handle_t iter;
	cpg_handle_t handle;
	unsigned int nodeid = 0;
	uint32_t most = 0;
	int count = CPG_MEMBERS_MAX, error;

	printf("initialize %d\n", cpg_model_initialize(&handle, CPG_MODEL_V1,
						       (cpg_model_data_t *)&model, NULL));
	error = cpg_local_get(handle, &nodeid);
	printf("local %d %u\n", error, nodeid);
	printf("join %d\n", cpg_join(handle, &group));
	printf("dispatch %d\n", cpg_dispatch(handle, CS_DISPATCH_ALL));
	printf("send %d\n", send_bytes(handle, 1000));
	printf("dispatch %d\n", cpg_dispatch(handle, CS_DISPATCH_ONE));
	cpg_max_atomic_msgsize_get(handle, &most);
	printf("most %u send %d\n", most, send_bytes(handle, most));
	printf("dispatch %d\n", cpg_dispatch(handle, CS_DISPATCH_ONE));
	printf("send fragments %d\n", send_bytes(handle, 3000000));
	received = 0;
	while (received == 0 && cpg_dispatch(handle, CS_DISPATCH_ONE) == CS_OK)
		;
	error = cpg_membership_get(handle, &group, members, &count);
	printf("membership %d %d own %d\n", error, count, members[0].pid == (uint32_t)getpid());
	printf("list %d\n", cpg_iteration_initialize(handle, CPG_ITERATION_ALL, NULL, &iter));
	while ((error = cpg_iteration_next(iter, &entry)) == CS_OK)
		printf("%.*s on %u, own %d\n", (int)entry.group.length, entry.group.value,
		       entry.nodeid, entry.pid == (uint32_t)getpid());
	printf("end %d %d\n", error, cpg_iteration_finalize(iter));
	printf("leave %d\n", cpg_leave(handle, &group));
	printf("dispatch %d\n", cpg_dispatch(handle, CS_DISPATCH_ALL));
	printf("finalize %d\n", cpg_finalize(handle));
	return 0;
}
