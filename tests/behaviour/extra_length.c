/* The daemon says of a device's extra information that it is longer than the message is. */
#include <string.h>
#include <stdio.h>
#include <corosync/votequorum.h>

int main(void)
{
	static unsigned char bytes[65536];
	votequorum_callbacks_t none = {NULL, NULL, NULL};
	votequorum_handle_t handle;
	uint32_t size = 4096, changed = 0;
	cs_error_t result;

	setvbuf(stdout, NULL, _IOLBF, 0);
	memset(bytes, 0xAA, sizeof(bytes));
	printf("initialize %d\n", votequorum_initialize(&handle, &none));
	result = votequorum_get_qdevice_extra_info(handle, 1, &size, bytes);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		changed += bytes[i] != 0xAA;
	}
	printf("get %d, %s written\n", result,
	       changed == 0 ? "nothing" : changed > 5 ? "more than there is" : "all");
	return 0;
}
