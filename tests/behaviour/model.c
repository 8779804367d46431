/* What came with 8.1.0, on a daemon that knows none of it. */
#include "../c/common.h"

static void on_extra(votequorum_handle_t handle, uint64_t context, uint32_t node, uint32_t size,
		     void *bytes)
{
	(void)handle, (void)context, (void)node, (void)size, (void)bytes;
	printf("  event extra\n");
}

int main(void)
{
	votequorum_model_v1_data_t model = {
		.model = VOTEQUORUM_MODEL_V1,
		.votequorum_quorum_notify_fn = on_quorum,
		.votequorum_nodelist_notify_fn = on_nodes,
		.votequorum_qdevice_extra_info_fn = on_extra,
	};
	votequorum_model_v1_data_t unknown = {.model = (votequorum_model_t)77};
	votequorum_handle_t handle = 5, none = 5;
	char bytes[VOTEQUORUM_QDEVICE_EXTRA_NODEINFO_MAXSIZE + 1] = "extra";
	uint32_t size = 7;

	start();
	printf("unknown model %d", votequorum_model_initialize(&none, &unknown));
	printf(" %s\n", none == 5 ? "untouched" : "written");
	printf("no handle %d\n", votequorum_model_initialize(NULL, &model));
	printf("no model %d", votequorum_model_initialize(&none, NULL));
	printf(" finalize %d\n", votequorum_finalize(none));
	printf("model %d\n", votequorum_model_initialize(&handle, &model));
	printf("track %d\n", votequorum_trackstart(handle, 1, CS_TRACK_CURRENT));
	printf("dispatch %d\n", votequorum_dispatch(handle, CS_DISPATCH_ALL));
	printf("get %d", votequorum_get_qdevice_extra_info(handle, 0, &size, bytes));
	printf(" %s\n", size == 7 && strcmp(bytes, "extra") == 0 ? "untouched" : "written");
	printf("get into nothing %d", votequorum_get_qdevice_extra_info(handle, 0, NULL, bytes));
	printf(" %d\n", votequorum_get_qdevice_extra_info(handle, 0, &size, NULL));
	printf("set %d\n", votequorum_set_qdevice_extra_info(handle, 5, bytes));
	printf("set nothing %d\n", votequorum_set_qdevice_extra_info(handle, 5, NULL));
	printf("set most %d\n", votequorum_set_qdevice_extra_info(handle, 4096, bytes));
	printf("set too much %d\n", votequorum_set_qdevice_extra_info(handle, 4097, bytes));
	printf("bad handle %d", votequorum_get_qdevice_extra_info(handle ^ 1, 0, &size, bytes));
	printf(" %d\n", votequorum_set_qdevice_extra_info(handle ^ 1, 5, bytes));
	printf("finalize %d\n", votequorum_finalize(handle));
	return 0;
}
