/*
 * Does what its arguments say, one after the other, and prints every call, what it returned, and
 * every callback. Process ids are chance: of a member its node is printed, with an asterisk if
 * it is this process.
 *
 * init | plain      connects, with or without asking for the ring when joining
 * join G | leave G | members G
 * tell PIPE | hear PIPE
 * mcast TEXT | big BYTES
 * until TEXT        dispatches until a callback has printed this
 * nothing           dispatches all there is, which must be nothing
 * names | all | one G
 * finalize | say TEXT
 */
#include <fcntl.h>
#include "cpg_common.h"

static char wanted[256];
static int seen;

static void heard(const char *line)
{
	printf("  %s\n", line);
	if (wanted[0] != '\0' && strstr(line, wanted) != NULL) {
		seen = 1;
	}
}

static size_t put_list(char *line, size_t at, const char *name, const struct cpg_address *list,
		       size_t count)
{
	at += (size_t)sprintf(line + at, " %s=", name);
	for (size_t i = 0; i < count; i++) {
		int mine = list[i].nodeid == local && list[i].pid == (uint32_t)getpid();

		at += (size_t)sprintf(line + at, "%s%u%s", i > 0 ? "," : "", list[i].nodeid,
				      mine ? "*" : "");
		if (list[i].reason != 0) {
			at += (size_t)sprintf(line + at, "/%u", list[i].reason);
		}
	}
	return at;
}

static void changed(cpg_handle_t handle, const struct cpg_name *group,
		    const struct cpg_address *members, size_t member_count,
		    const struct cpg_address *left, size_t left_count,
		    const struct cpg_address *joined, size_t joined_count)
{
	char line[4096];
	size_t at = (size_t)sprintf(line, "confchg %.*s", (int)group->length, group->value);

	(void)handle;
	at = put_list(line, at, "members", members, member_count);
	at = put_list(line, at, "left", left, left_count);
	put_list(line, at, "joined", joined, joined_count);
	heard(line);
}

static void delivered(cpg_handle_t handle, const struct cpg_name *group, uint32_t node,
		      uint32_t pid, void *message, size_t len)
{
	char line[512];

	(void)handle, (void)pid;
	snprintf(line, sizeof(line), "deliver %.*s from=%u bytes=%zu sum=%u %.*s",
		 (int)group->length, group->value, node, len, sum_of(message, len),
		 len < 64 ? (int)len : 0, (const char *)message);
	heard(line);
}

static void ring_changed(cpg_handle_t handle, struct cpg_ring_id ring, uint32_t count,
			 const uint32_t *members)
{
	char line[4096];
	size_t at = (size_t)sprintf(line, "totem ring=%u.%" PRIu64 " members=", ring.nodeid, ring.seq);

	(void)handle;
	for (uint32_t i = 0; i < count; i++) {
		at += (size_t)sprintf(line + at, "%s%u", i > 0 ? "," : "", members[i]);
	}
	heard(line);
}

static cpg_model_v1_data_t model = {
	.model = CPG_MODEL_V1,
	.cpg_deliver_fn = delivered,
	.cpg_confchg_fn = changed,
	.cpg_totem_confchg_fn = ring_changed,
};

static cs_error_t initialize(cpg_handle_t *handle, unsigned int flags)
{
	cs_error_t result;

	model.flags = flags;
	result = cpg_model_initialize(handle, CPG_MODEL_V1, (cpg_model_data_t *)&model, NULL);
	if (result == CS_OK) {
		result = cpg_local_get(*handle, &local);
	}
	return result;
}

static cs_error_t list_members(cpg_handle_t handle, struct cpg_name *group, char *line, int *count)
{
	struct cpg_address members[CPG_MEMBERS_MAX];
	cs_error_t result = cpg_membership_get(handle, group, members, count);

	for (int i = 0; i < *count; i++) {
		members[i].reason = 0;
	}
	put_list(line, 0, "members", members, (size_t)*count);
	return result;
}

/* A named pipe makes one program wait for another: opening it does. */
static void pass(const char *path, int flags)
{
	int file = open(path, flags);

	if (file < 0) {
		perror(path);
		exit(2);
	}
	close(file);
}

static cs_error_t multicast_big(cpg_handle_t handle, size_t bytes)
{
	char *message = malloc(bytes);
	cs_error_t result;

	for (size_t i = 0; i < bytes; i++) {
		message[i] = (char)(i * 7);
	}
	result = multicast(handle, message, bytes);
	free(message);
	return result;
}

static cs_error_t dispatch_until(cpg_handle_t handle, const char *text)
{
	cs_error_t result = CS_OK;

	snprintf(wanted, sizeof(wanted), "%s", text);
	for (seen = 0; !seen && result == CS_OK;) {
		result = cpg_dispatch(handle, CS_DISPATCH_ONE);
	}
	wanted[0] = '\0';
	return result;
}

static cs_error_t iterate(cpg_handle_t handle, cpg_iteration_type_t type, struct cpg_name *group)
{
	struct cpg_iteration_description_t entry;
	cpg_iteration_handle_t list;
	cs_error_t result = cpg_iteration_initialize(handle, type, group, &list);

	while (result == CS_OK && (result = cpg_iteration_next(list, &entry)) == CS_OK) {
		printf("  %.*s %u %s\n", (int)entry.group.length, entry.group.value, entry.nodeid,
		       entry.pid == (uint32_t)getpid() ? "*" : entry.pid == 0 ? "0" : "");
	}
	printf("  ended %d\n", cpg_iteration_finalize(list));
	return result;
}

static int takes_argument(const char *word)
{
	static const char *const bare[] = { "init", "plain", "finalize", "names", "all", "nothing" };

	for (size_t i = 0; i < sizeof(bare) / sizeof(*bare); i++) {
		if (strcmp(word, bare[i]) == 0) {
			return 0;
		}
	}
	return 1;
}

int main(int count, char *arguments[])
{
	cpg_handle_t handle = 0;

	begin();
	for (int i = 1; i < count; i++) {
		const char *word = arguments[i];
		const char *argument = takes_argument(word) && i + 1 < count ? arguments[++i] : "";
		struct cpg_name group = named(argument);
		cs_error_t result = CS_OK;
		char line[4096] = "";
		int number = 0;

		if (strcmp(word, "init") == 0) {
			result = initialize(&handle, CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF);
		} else if (strcmp(word, "plain") == 0) {
			result = initialize(&handle, 0);
		} else if (strcmp(word, "finalize") == 0) {
			result = cpg_finalize(handle);
		} else if (strcmp(word, "names") == 0) {
			result = iterate(handle, CPG_ITERATION_NAME_ONLY, NULL);
		} else if (strcmp(word, "all") == 0) {
			result = iterate(handle, CPG_ITERATION_ALL, NULL);
		} else if (strcmp(word, "nothing") == 0) {
			result = cpg_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING);
		} else if (strcmp(word, "join") == 0) {
			result = join(handle, &group);
		} else if (strcmp(word, "leave") == 0) {
			result = cpg_leave(handle, &group);
		} else if (strcmp(word, "members") == 0) {
			result = list_members(handle, &group, line, &number);
		} else if (strcmp(word, "tell") == 0) {
			/* Who hears it may end everything at once. */
			pass(argument, O_WRONLY);
			continue;
		} else if (strcmp(word, "hear") == 0) {
			pass(argument, O_RDONLY);
			continue;
		} else if (strcmp(word, "mcast") == 0) {
			result = multicast(handle, argument, strlen(argument));
		} else if (strcmp(word, "big") == 0) {
			result = multicast_big(handle, (size_t)atol(argument));
		} else if (strcmp(word, "until") == 0) {
			result = dispatch_until(handle, argument);
		} else if (strcmp(word, "one") == 0) {
			result = iterate(handle, CPG_ITERATION_ONE_GROUP, &group);
		} else if (strcmp(word, "say") != 0) {
			printf("no such word: %s\n", word);
			return 2;
		}
		printf("%s %s = %d%s\n", word, argument, result, line);
	}
	return 0;
}
