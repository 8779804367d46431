/*
 * Says numbered messages to a group without end, some at a time, and prints what it hears in each
 * view of the group: how many messages, and a sum that depends on their order. Messages of one
 * sender must come in order, without gaps while the sender stays.
 *
 * The lowest member sends the end, SENT of its messages after the group has been whole for the
 * WHOLE-th time; all leave when they hear it.
 * Usage: cpg_stream MEMBERS WHOLE SENT BYTES WINDOW
 */
#include <poll.h>
#include "cpg_common.h"

struct content {
	uint32_t number;
	uint32_t last;
};

static unsigned int size, whole_for;
static unsigned int wholes, bytes, window;
static uint32_t sent, heard_own, left_to_say;
static uint32_t next_of[CPG_MEMBERS_MAX];
static int ended, faults;

static char view[512];
static uint32_t messages, order;

static void end_view(void)
{
	if (view[0] != '\0') {
		printf("view %s messages=%u order=%u\n", view, messages, order);
	}
	messages = order = 0;
}

static void changed(cpg_handle_t handle, const struct cpg_name *group,
		    const struct cpg_address *members, size_t member_count,
		    const struct cpg_address *left, size_t left_count,
		    const struct cpg_address *joined, size_t joined_count)
{
	size_t at = 0;

	(void)handle, (void)group, (void)left, (void)left_count;
	/* Others are leaving. */
	if (ended) {
		return;
	}
	end_view();
	for (size_t i = 0; i < member_count; i++) {
		at += (size_t)sprintf(view + at, "%s%u", i > 0 ? "," : "", members[i].nodeid);
	}
	/* What a newcomer has said before is not for us. */
	for (size_t i = 0; i < joined_count; i++) {
		if (joined[i].nodeid != local) {
			next_of[joined[i].nodeid] = UINT32_MAX;
		}
	}
	if (member_count != size) {
		return;
	}
	if (++wholes == 1) {
		printf("all here\n");
	}
	left_to_say = wholes >= whole_for && members[0].nodeid == local;
}

static void delivered(cpg_handle_t handle, const struct cpg_name *group, uint32_t node,
		      uint32_t pid, void *message, size_t length)
{
	struct content content;

	(void)handle, (void)group, (void)pid;
	if (ended) {
		return;
	}
	memcpy(&content, message, sizeof(content));
	if (length != bytes || (next_of[node] != UINT32_MAX && next_of[node] != content.number)) {
		printf("from %u: %zu bytes, number %u instead of %u\n", node, length,
		       content.number, next_of[node]);
		faults++;
	}
	next_of[node] = content.number + 1;
	messages++;
	order = order * 1000003 + node * 65537 + content.number;
	heard_own += node == local;
	ended |= (int)content.last;
}

int main(int count, char *arguments[])
{
	cpg_callbacks_t callbacks = { delivered, changed };
	struct cpg_name group = named("stream");
	struct pollfd entry = { .events = POLLIN };
	uint32_t after_whole = 0;
	cpg_handle_t handle;
	char *message;

	begin();
	if (count != 6) {
		return 2;
	}
	size = (unsigned int)atoi(arguments[1]);
	whole_for = (unsigned int)atoi(arguments[2]);
	bytes = (unsigned int)atoi(arguments[4]);
	window = (unsigned int)atoi(arguments[5]);
	message = calloc(1, bytes);
	if (cpg_initialize(&handle, &callbacks) != CS_OK || cpg_local_get(handle, &local) != CS_OK ||
	    cpg_fd_get(handle, &entry.fd) != CS_OK || join(handle, &group) != CS_OK) {
		printf("not joined\n");
		return 1;
	}
	while (!ended) {
		struct iovec part = { .iov_base = message, .iov_len = bytes };
		struct content content = { .number = sent };
		cs_error_t result = CS_OK;
		int patience = -1;

		if (wholes > 0 && sent - heard_own < window) {
			after_whole += left_to_say;
			content.last = after_whole == (uint32_t)atoi(arguments[3]);
			memcpy(message, &content, sizeof(content));
			result = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &part, 1);
			sent += result == CS_OK;
			after_whole -= result != CS_OK ? left_to_say : 0;
			patience = result != CS_OK;
			if (result == CS_OK && sent - heard_own < window) {
				patience = 0;
			}
			if (result != CS_OK && result != CS_ERR_TRY_AGAIN) {
				printf("mcast = %d\n", result);
				return 1;
			}
		}
		/* Until there is something to hear, or to say again. */
		poll(&entry, 1, patience);
		if (cpg_dispatch(handle, CS_DISPATCH_ALL) != CS_OK) {
			printf("the end of corosync\n");
			return 1;
		}
	}
	end_view();
	printf("ended, %d faults\n", faults);
	return 0;
}
