/*
 * Every function of libcpg on one node, its successes and its errors, one section at a time.
 * Usage: cpg_calls handles | names | states | fragments | lists | two | strays
 */
#include "cpg_common.h"

#define SAY(call) printf("%s = %d\n", #call, (int)(call))

static int changes;
static size_t last_length;

static void changed(cpg_handle_t handle, const struct cpg_name *group,
		    const struct cpg_address *members, size_t member_count,
		    const struct cpg_address *left, size_t left_count,
		    const struct cpg_address *joined, size_t joined_count)
{
	(void)handle, (void)members, (void)left, (void)joined;
	printf("  change of %zu bytes: %zu members, %zu left, %zu joined\n", (size_t)group->length,
	       member_count, left_count, joined_count);
	changes++;
}

static void delivered(cpg_handle_t handle, const struct cpg_name *group, uint32_t node,
		      uint32_t pid, void *message, size_t length)
{
	(void)handle, (void)group;
	printf("  message from %u%s: %zu bytes, sum %u\n", node,
	       pid == (uint32_t)getpid() ? "*" : "", length, sum_of(message, length));
	last_length = length;
}

static cpg_model_v1_data_t model = {
	.model = CPG_MODEL_V1,
	.cpg_deliver_fn = delivered,
	.cpg_confchg_fn = changed,
};

static cpg_handle_t connected(void)
{
	cpg_handle_t handle = 0;

	if (cpg_model_initialize(&handle, CPG_MODEL_V1, (cpg_model_data_t *)&model, NULL) != CS_OK) {
		printf("no connection\n");
		exit(1);
	}
	return handle;
}

/* Until there have been this many changes. */
static void dispatch_changes(cpg_handle_t handle, int wanted)
{
	while (changes < wanted && cpg_dispatch(handle, CS_DISPATCH_ONE) == CS_OK) {
	}
}

static void dispatch_message(cpg_handle_t handle, size_t length)
{
	last_length = SIZE_MAX;
	while (last_length != length && cpg_dispatch(handle, CS_DISPATCH_ONE) == CS_OK) {
	}
}

static void handles(void)
{
	cpg_callbacks_t callbacks = { delivered, changed };
	cpg_flow_control_state_t flow = 9;
	struct cpg_name group = named("handles");
	cpg_handle_t handle = 0;
	uint32_t size = 0;
	unsigned int node = 0;
	void *context = NULL;
	int fd = -1;

	SAY(cpg_initialize(&handle, &callbacks));
	SAY(cpg_local_get(handle, &node));
	SAY(node);
	SAY(cpg_fd_get(handle, &fd));
	SAY(fd >= 0);
	SAY(cpg_max_atomic_msgsize_get(handle, &size));
	SAY(size);
	SAY(cpg_context_set(handle, &node));
	SAY(cpg_context_get(handle, &context));
	SAY(context == &node);
	SAY(cpg_flow_control_state_get(handle, &flow));
	SAY(flow);
	SAY(cpg_dispatch(handle, CS_DISPATCH_ALL));
	SAY(cpg_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	SAY(cpg_finalize(handle));
	SAY(cpg_finalize(handle));
	SAY(cpg_join(handle, &group));
	SAY(cpg_local_get(handle, &node));
	model.flags = 2;
	SAY(cpg_model_initialize(&handle, CPG_MODEL_V1, (cpg_model_data_t *)&model, NULL));
	model.flags = 0;
	SAY(cpg_model_initialize(&handle, 7, (cpg_model_data_t *)&model, NULL));
}

static void names(void)
{
	struct cpg_name longest = { .length = CPG_MAX_NAME_LENGTH };
	struct cpg_name longer = { .length = CPG_MAX_NAME_LENGTH + 1 };
	struct cpg_name zeros = { .length = 5, .value = "a\0b\0c" };
	struct cpg_name other = { .length = 5, .value = "a\0b\0d" };
	struct cpg_address members[CPG_MEMBERS_MAX];
	cpg_handle_t handle = connected();
	cpg_handle_t second = connected();
	int count = -1;

	memset(longest.value, 'x', sizeof(longest.value));
	SAY(cpg_join(handle, &longer));
	SAY(cpg_leave(handle, &longer));
	SAY(cpg_membership_get(handle, &longer, members, &count));
	SAY(join(handle, &longest));
	dispatch_changes(handle, 1);
	SAY(cpg_membership_get(handle, &longest, members, &count));
	SAY(count);
	SAY(join(second, &zeros));
	dispatch_changes(second, 2);
	SAY(cpg_membership_get(handle, &zeros, members, &count));
	SAY(count);
	SAY(cpg_membership_get(handle, &other, members, &count));
	SAY(count);
	SAY(cpg_membership_get(handle, &zeros, NULL, &count));
	SAY(cpg_membership_get(handle, &zeros, members, NULL));
	SAY(cpg_finalize(handle));
	SAY(cpg_finalize(second));
}

static void states(void)
{
	struct cpg_name group = named("states"), other = named("other states");
	cpg_handle_t handle = connected();

	SAY(cpg_leave(handle, &group));
	SAY(multicast(handle, "unheard", 7));
	SAY(join(handle, &group));
	SAY(multicast(handle, "said while joining", 18));
	dispatch_message(handle, 18);
	SAY(cpg_join(handle, &group));
	SAY(cpg_join(handle, &other));
	SAY(multicast(handle, "", 0));
	dispatch_message(handle, 0);
	SAY(cpg_leave(handle, &group));
	SAY(cpg_leave(handle, &group));
	SAY(multicast(handle, "unheard as well", 15));
	dispatch_changes(handle, 2);
	SAY(cpg_join(handle, &group));
	SAY(cpg_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	SAY(cpg_finalize(handle));
}

/* One atomic message, and longer ones. */
static void fragments(void)
{
	struct cpg_name group = named("fragments");
	cpg_handle_t handle = connected();
	static char big[5 << 20];
	uint32_t atomic = 0;

	for (size_t i = 0; i < sizeof(big); i++) {
		big[i] = (char)(i * 13);
	}
	SAY(multicast(handle, big, sizeof(big)));
	SAY(join(handle, &group));
	dispatch_changes(handle, 1);
	SAY(cpg_max_atomic_msgsize_get(handle, &atomic));
	for (int i = -1; i <= 1; i++) {
		SAY(multicast(handle, big, (size_t)((int)atomic + i)));
		dispatch_message(handle, (size_t)((int)atomic + i));
	}
	SAY(multicast(handle, big, 2 * (size_t)atomic));
	dispatch_message(handle, 2 * (size_t)atomic);
	SAY(multicast(handle, big, sizeof(big)));
	dispatch_message(handle, sizeof(big));
	SAY(cpg_leave(handle, &group));
	SAY(multicast(handle, big, sizeof(big)));
	SAY(cpg_finalize(handle));
}

static void print_list(cpg_handle_t handle, cpg_iteration_type_t type, struct cpg_name *group)
{
	struct cpg_iteration_description_t entry;
	cpg_iteration_handle_t list = 0;

	SAY(cpg_iteration_initialize(handle, type, group, &list));
	while (cpg_iteration_next(list, &entry) == CS_OK) {
		printf("  %.*s %u %d\n", (int)entry.group.length, entry.group.value, entry.nodeid,
		       entry.pid != 0);
	}
	/* It begins again. */
	SAY(cpg_iteration_next(list, &entry));
	SAY(cpg_iteration_finalize(list));
	SAY(cpg_iteration_next(list, &entry));
	SAY(cpg_iteration_finalize(list));
}

static void lists(void)
{
	struct cpg_name groups[3] = { named("list b"), named("list a"), named("list c") };
	cpg_handle_t handle[3];
	cpg_iteration_handle_t list;

	for (int i = 0; i < 3; i++) {
		handle[i] = connected();
		SAY(join(handle[i], &groups[i]));
		dispatch_changes(handle[i], i + 1);
	}
	print_list(handle[0], CPG_ITERATION_NAME_ONLY, NULL);
	print_list(handle[0], CPG_ITERATION_ALL, NULL);
	print_list(handle[0], CPG_ITERATION_ONE_GROUP, &groups[1]);
	SAY(cpg_iteration_initialize(handle[0], CPG_ITERATION_ONE_GROUP, NULL, &list));
	SAY(cpg_iteration_initialize(handle[0], CPG_ITERATION_ALL, &groups[0], &list));
	SAY(cpg_iteration_initialize(handle[0], 9, NULL, &list));
	for (int i = 0; i < 3; i++) {
		SAY(cpg_finalize(handle[i]));
	}
}

/* Two connections of one process. */
static void two(void)
{
	struct cpg_name group = named("two"), other = named("another");
	cpg_handle_t first = connected(), second = connected();

	SAY(join(first, &group));
	SAY(cpg_join(second, &group));
	dispatch_changes(first, 1);
	SAY(cpg_join(second, &group));
	SAY(join(second, &other));
	dispatch_changes(second, 2);
	SAY(multicast(first, "to two", 6));
	dispatch_message(first, 6);
	SAY(cpg_leave(first, &group));
	dispatch_changes(first, 3);
	/* It has left, and its connection still counts. */
	SAY(cpg_join(second, &group));
	SAY(cpg_finalize(first));
	first = connected();
	SAY(join(first, &group));
	dispatch_changes(first, 4);
	SAY(cpg_finalize(first));
	SAY(cpg_finalize(second));
}

/* What corosync does not undo when the process ends. */
static void strays(void)
{
	struct cpg_name group = named("strays"), other = named("never joined"), empty = named("");
	cpg_handle_t watching = connected(), first = connected(), second = connected();

	SAY(join(first, &group));
	dispatch_changes(first, 1);
	SAY(cpg_leave(first, &other));
	SAY(cpg_finalize(first));
	SAY(join(second, &empty));
	dispatch_changes(second, 2);
	SAY(multicast(second, "to nobody", 9));
	dispatch_message(second, 9);
	print_list(watching, CPG_ITERATION_ALL, NULL);
	SAY(cpg_finalize(second));
	second = connected();
	SAY(cpg_join(second, &empty));
	SAY(cpg_join(second, &group));
	print_list(watching, CPG_ITERATION_ALL, NULL);
	SAY(cpg_finalize(second));
	SAY(cpg_finalize(watching));
}

int main(int count, char *arguments[])
{
	static const struct {
		const char *name;
		void (*run)(void);
	} sections[] = { { "handles", handles }, { "names", names }, { "states", states },
			 { "fragments", fragments }, { "lists", lists }, { "two", two },
			 { "strays", strays } };

	begin();
	for (size_t i = 0; count == 2 && i < sizeof(sections) / sizeof(*sections); i++) {
		if (strcmp(sections[i].name, arguments[1]) == 0) {
			sections[i].run();
			return 0;
		}
	}
	return 2;
}
