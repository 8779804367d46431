/* Arguments that make no sense, and what is written when a call fails. */
#include "cases.h"

static void null_handle(void)
{
	printf("%d\n", votequorum_initialize(NULL, &all_callbacks));
}

static void null_callbacks(void)
{
	votequorum_handle_t handle;

	printf("%d", votequorum_initialize(&handle, NULL));
	printf(" %d", votequorum_trackstart(handle, 0, CS_TRACK_CURRENT));
	printf(" %d\n", votequorum_dispatch(handle, CS_DISPATCH_ALL));
}

static void null_members(void)
{
	votequorum_callbacks_t none = {NULL, NULL, NULL};
	votequorum_handle_t handle;

	printf("%d", votequorum_initialize(&handle, &none));
	printf(" %d", votequorum_trackstart(handle, 0, CS_TRACK_CURRENT));
	printf(" %d", votequorum_dispatch(handle, CS_DISPATCH_ONE));
	printf(" %d", votequorum_dispatch(handle, CS_DISPATCH_ONE));
	printf(" %d\n", votequorum_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
}

static void null_info(void)
{
	printf("%d\n", votequorum_getinfo(opened(), 0, NULL));
}

static void null_fd(void)
{
	printf("%d\n", votequorum_fd_get(opened(), NULL));
}

static void null_context(void)
{
	printf("%d\n", votequorum_context_get(opened(), NULL));
}

static void null_register(void)
{
	printf("%d\n", votequorum_qdevice_register(opened(), NULL));
}

static void null_unregister(void)
{
	printf("%d\n", votequorum_qdevice_unregister(opened(), NULL));
}

static void null_update_old(void)
{
	printf("%d\n", votequorum_qdevice_update(opened(), NULL, "x"));
}

static void null_update_new(void)
{
	printf("%d\n", votequorum_qdevice_update(opened(), "x", NULL));
}

static void null_poll(void)
{
	votequorum_ring_id_t ring = {1, 1};

	printf("%d\n", votequorum_qdevice_poll(opened(), NULL, 1, ring));
}

static void null_master_wins(void)
{
	printf("%d\n", votequorum_qdevice_master_wins(opened(), NULL, 1));
}

static void argument_before_handle(void)
{
	votequorum_ring_id_t ring = {1, 1};

	printf("%d", votequorum_getinfo(7, 0, NULL));
	printf(" %d", votequorum_fd_get(7, NULL));
	printf(" %d", votequorum_context_get(7, NULL));
	printf(" %d", votequorum_qdevice_poll(7, "", 1, ring));
	printf(" %d\n", votequorum_dispatch(7, (cs_dispatch_flags_t)5));
}

static void failure_writes_nothing(void)
{
	struct votequorum_info info, before;
	votequorum_handle_t handle = opened();
	votequorum_handle_t bad = handle ^ 1;
	int fd = -7;
	void *context = &fd;

	memset(&info, 0xa5, sizeof(info));
	before = info;
	printf("%d", votequorum_getinfo(handle, 99, &info));
	printf(" %s", memcmp(&info, &before, sizeof(info)) ? "written" : "untouched");
	printf(" %d", votequorum_fd_get(bad, &fd));
	printf(" %s", fd == -7 ? "untouched" : "written");
	printf(" %d", votequorum_context_get(bad, &context));
	printf(" %s\n", context == &fd ? "untouched" : "written");
}

/* What the caller had in the field before, behind the end of the name. */
static void name_ends_in_zeros(void)
{
	struct votequorum_info info;
	size_t size = sizeof(info.qdevice_name), at;

	memset(&info, 0xa5, sizeof(info));
	printf("%d", votequorum_getinfo(opened(), 0, &info));
	at = strnlen(info.qdevice_name, size);
	printf(" %zu", at);
	while (at < size && info.qdevice_name[at] == 0) {
		at++;
	}
	printf(" %s\n", at == size ? "zeros" : "others");
}

/* Run where no daemon is: the socket's namespace is another one. */
static void no_daemon_writes_nothing(void)
{
	votequorum_handle_t handle = 0x1234;

	printf("%d", votequorum_initialize(&handle, &all_callbacks));
	printf(" %s\n", handle == 0x1234 ? "untouched" : "written");
}

static void no_wildcard(void)
{
	votequorum_handle_t handle = opened();
	unsigned node;

	printf("%s", handle >> 63 == 0 && handle >> 32 != 0 && (uint32_t)handle == 0 ? "shape" : "no");
	printf(" %d\n", info_of(handle | 0xffffffff00000000ULL, 0, &node));
}

static void random_is_left_alone(void)
{
	long expected, got;

	srandom(4711);
	expected = random();
	srandom(4711);
	votequorum_finalize(opened());
	got = random();
	printf("%s\n", got == expected ? "same" : "shifted");
}

const struct one_case argument_cases[] = {
	CASE(null_handle),
	CASE(null_callbacks),
	CASE(null_members),
	CASE(null_info),
	CASE(null_fd),
	CASE(null_context),
	CASE(null_register),
	CASE(null_unregister),
	CASE(null_update_old),
	CASE(null_update_new),
	CASE(null_poll),
	CASE(null_master_wins),
	CASE(argument_before_handle),
	CASE(failure_writes_nothing),
	CASE(name_ends_in_zeros),
	CASE(no_daemon_writes_nothing),
	CASE(no_wildcard),
	CASE(random_is_left_alone),
	END,
};
