/*
 * Corosync's own libquorum and libcpg, with a daemon that refuses, or says more than they have room
 * for.
 * Usage: odd refused|members
 */
#include "toll.h"

#include <stdlib.h>
#include <unistd.h>
#include <corosync/cpg.h>
#include <corosync/quorum.h>

/* The daemon names the nodes from 1. */
static size_t right(const struct cpg_address *list, size_t count)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		found += list[i].nodeid == i + 1 && list[i].pid == 7;
	}
	return found;
}

static void on_change(cpg_handle_t handle, const struct cpg_name *group,
		      const struct cpg_address *members, size_t count,
		      const struct cpg_address *left, size_t left_count,
		      const struct cpg_address *joined, size_t joined_count)
{
	(void)handle, (void)group;
	printf("members: %zu of %zu right, ", right(members, count), count);
	printf("left: %zu of %zu, ", right(left, left_count), left_count);
	printf("joined: %zu of %zu\n", right(joined, joined_count), joined_count);
}

static void refused(void)
{
	quorum_callbacks_t callbacks = {0};
	quorum_handle_t handle = 0;
	uint32_t type;
	struct toll before = toll();

	printf("initialize %d\n", quorum_initialize(&handle, &callbacks, &type));
	print_lost(&before);
	printf("finalize %d\n", quorum_finalize(handle));
	print_lost(&before);
}

static void members(void)
{
	cpg_callbacks_t callbacks = {.cpg_confchg_fn = on_change};
	struct cpg_name group = {5, "group"};
	cpg_handle_t handle;

	printf("initialize %d\n", cpg_initialize(&handle, &callbacks));
	printf("join %d\n", cpg_join(handle, &group));
	fflush(stdout);
	printf("dispatch %d\n", cpg_dispatch(handle, CS_DISPATCH_ONE));
}

int main(int count, char **arguments)
{
	alarm(60);
	if (count == 2 && strcmp(arguments[1], "refused") == 0) {
		refused();
	} else {
		members();
	}
	return 0;
}
