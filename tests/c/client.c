/*
 * Does what it is told on standard input, one word and its number per line, and prints the result.
 * Before each call it prints what it is about to do, so that the harness can meddle with the
 * daemon while the call is in flight. How long the call took goes to standard error.
 */
#include "common.h"

static votequorum_handle_t handle;

static void obey(const char *word, unsigned number)
{
	struct votequorum_info info;
	struct pollfd entry = { .events = POLLIN };
	votequorum_ring_id_t ring = last_ring;

	if (strcmp(word, "initialize") == 0) {
		printf("= %d\n", votequorum_initialize(&handle, &all_callbacks));
	} else if (strcmp(word, "finalize") == 0) {
		printf("= %d\n", votequorum_finalize(handle));
	} else if (strcmp(word, "getinfo") == 0) {
		cs_error_t result = votequorum_getinfo(handle, number, &info);

		printf("= ");
		print_info(result, &info);
	} else if (strcmp(word, "setexpected") == 0) {
		printf("= %d\n", votequorum_setexpected(handle, number));
	} else if (strcmp(word, "setvotes") == 0) {
		printf("= %d\n", votequorum_setvotes(handle, 1, number));
	} else if (strcmp(word, "trackstart") == 0) {
		printf("= %d\n", votequorum_trackstart(handle, 12, number));
	} else if (strcmp(word, "trackstop") == 0) {
		printf("= %d\n", votequorum_trackstop(handle));
	} else if (strcmp(word, "dispatch") == 0) {
		printf("= %d\n", votequorum_dispatch(handle, number));
	} else if (strcmp(word, "register") == 0) {
		printf("= %d\n", votequorum_qdevice_register(handle, "device"));
	} else if (strcmp(word, "unregister") == 0) {
		printf("= %d\n", votequorum_qdevice_unregister(handle, "device"));
	} else if (strcmp(word, "vote") == 0) {
		printf("= %d\n", votequorum_qdevice_poll(handle, "device", number, ring));
	} else if (strcmp(word, "poll") == 0) {
		int result = votequorum_fd_get(handle, &entry.fd);

		if (result == CS_OK) {
			poll(&entry, 1, (int)number);
		}
		printf("= %d readable %d hung up %d\n", result, (entry.revents & POLLIN) != 0,
		       (entry.revents & POLLHUP) != 0);
	} else {
		printf("= what?\n");
	}
}

int main(void)
{
	char word[32];
	unsigned number;

	start();
	while (scanf("%31s %u", word, &number) == 2) {
		int64_t begin = now_ms();

		printf("%s %u\n", word, number);
		obey(word, number);
		fprintf(stderr, "%s %u: %" PRId64 " ms\n", word, number, now_ms() - begin);
	}
	return 0;
}
