/*
 * Extra information of quorum devices (8.1.0).
 *
 * extra device   plays the device of its node, through all that its information goes through
 * extra watch    prints what a tracker is told of it, until a device of another node says "end"
 */
#include "common.h"

static votequorum_handle_t handle;
static unsigned events;
static int ended;

static void print_bytes(uint32_t size, const void *bytes)
{
	const unsigned char *byte = bytes;
	unsigned sum = 0;

	for (uint32_t i = 0; i < size; i++) {
		sum = sum * 31 + byte[i];
	}
	printf(" size=%u sum=%u\n", size, sum);
}

static void on_extra(votequorum_handle_t on, uint64_t context, uint32_t node, uint32_t size,
		     void *bytes)
{
	printf("  event extra handle=%s context=%#" PRIx64 " node=%u",
	       on == handle ? "own" : "other", context, node);
	print_bytes(size, bytes);
	events++;
	ended = size == 4 && memcmp(bytes, "end", 4) == 0;
}

static void on_no_nodes(votequorum_handle_t on, uint64_t context, votequorum_ring_id_t ring,
			uint32_t entries, uint32_t list[])
{
	(void)on, (void)context, (void)entries, (void)list;
	last_ring = ring;
}

static void connect_model(void)
{
	votequorum_model_v1_data_t model = {
		.model = VOTEQUORUM_MODEL_V1,
		.votequorum_nodelist_notify_fn = on_no_nodes,
		.votequorum_qdevice_extra_info_fn = on_extra,
	};
	int result = votequorum_model_initialize(&handle, &model);

	printf("model_initialize = %d\n", result);
	if (result != CS_OK) {
		exit(1);
	}
}

static int has_extra(void)
{
	struct votequorum_info info;

	if (votequorum_getinfo(handle, 0, &info) != CS_OK) {
		return -1;
	}
	return (info.flags & VOTEQUORUM_INFO_QDEVICE_HAS_EXTRA_INFO) != 0;
}

static void get(unsigned node)
{
	static char bytes[VOTEQUORUM_QDEVICE_EXTRA_NODEINFO_MAXSIZE];
	uint32_t size = 77;
	int result = votequorum_get_qdevice_extra_info(handle, node, &size, bytes);

	printf("get %u = %d", node, result);
	print_bytes(result == CS_OK ? size : 0, bytes);
}

/* Quorum's own events come in between, whose number depends on when the daemon gets to them. */
static void wait_event(void)
{
	unsigned before = events;
	int result = CS_OK;

	while (events == before && result == CS_OK) {
		result = votequorum_dispatch(handle, CS_DISPATCH_ONE);
	}
	printf("dispatch = %d\n", result);
}

/* What is set comes back as an event once all nodes have it. */
static void set(const char *what, uint32_t size, const void *bytes)
{
	int result = votequorum_set_qdevice_extra_info(handle, size, bytes);

	printf("set %s = %d\n", what, result);
	if (result == CS_OK) {
		wait_event();
	}
	printf("flag = %d\n", has_extra());
	get(0);
}

static int device(void)
{
	static char most[VOTEQUORUM_QDEVICE_EXTRA_NODEINFO_MAXSIZE + 1];

	for (size_t i = 0; i < sizeof most; i++) {
		most[i] = (char)(i * 7);
	}
	connect_model();
	get(0);
	get(1);
	get(9);
	set("without a device", 5, "none");
	printf("register = %d\n", votequorum_qdevice_register(handle, "device"));
	printf("trackstart = %d\n", votequorum_trackstart(handle, 0x5eed, CS_TRACK_CHANGES));
	set("five bytes", 5, "five");
	get(1);
	get(2);
	set("others", 3, "ab");
	set("most", sizeof most - 1, most);
	set("too much", sizeof most, most);
	set("nothing", 0, "ab");
	set("a NUL", 1, "");
	set("from NULL", 5, NULL);
	set("again", 6, "again");
	printf("trackstop = %d\n", votequorum_trackstop(handle));
	printf("trackstart = %d\n", votequorum_trackstart(handle, 0xcafe, CS_TRACK_CURRENT));
	wait_event();
	printf("trackstart = %d\n", votequorum_trackstart(handle, 0xbee, CS_TRACK_CHANGES));
	wait_event();
	printf("unregister = %d\n", votequorum_qdevice_unregister(handle, "device"));
	wait_event();
	printf("flag = %d\n", has_extra());
	get(0);
	printf("register = %d\n", votequorum_qdevice_register(handle, "device"));
	set("end", 4, "end");
	printf("finalize = %d\n", votequorum_finalize(handle));
	return 0;
}

static int watch(void)
{
	connect_model();
	printf("trackstart = %d\n", votequorum_trackstart(handle, 0xfade, CS_TRACK_CHANGES));
	while (!ended) {
		int result = votequorum_dispatch(handle, CS_DISPATCH_ONE);

		if (result != CS_OK) {
			printf("dispatch = %d\n", result);
			return 1;
		}
	}
	get(1);
	get(2);
	printf("finalize = %d\n", votequorum_finalize(handle));
	return 0;
}

int main(int argc, char **argv)
{
	start();
	if (argc == 2 && strcmp(argv[1], "device") == 0) {
		return device();
	}
	if (argc == 2 && strcmp(argv[1], "watch") == 0) {
		return watch();
	}
	fprintf(stderr, "usage: extra device|watch\n");
	return 2;
}
