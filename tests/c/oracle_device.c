/* A quorum device's process, as far as votequorum sees it: registers, polls at once when the ring
 * changes and every 300 ms, and does what it is told on its standard input. Every answer is a line.
 *
 * oracle_device VOTE           registers; 1 votes for its node, 0 does not
 * vote 1, vote 0, master 1, master 0, unregister
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <corosync/votequorum.h>

#define NAME "Qdevice"
#define INTERVAL 300

static votequorum_ring_id_t ring;
static unsigned vote;

/* Whether the poll counted; one for a ring that is past does not, and is repeated for the next. */
static int polled(votequorum_handle_t handle)
{
	cs_error_t result = votequorum_qdevice_poll(handle, NAME, vote, ring);

	if (result != CS_OK && result != CS_ERR_MESSAGE_ERROR && result != CS_ERR_TRY_AGAIN) {
		printf("poll gave %d\n", result);
		exit(1);
	}
	return result == CS_OK;
}

static void nodes_changed(votequorum_handle_t handle, uint64_t context,
			  votequorum_ring_id_t now, uint32_t entries, uint32_t list[])
{
	(void)context;
	(void)entries;
	(void)list;
	ring = now;
	polled(handle);
}

static void check(const char *what, cs_error_t result)
{
	if (result != CS_OK) {
		printf("%s gave %d\n", what, result);
		exit(1);
	}
}

static void dispatch(votequorum_handle_t handle)
{
	cs_error_t result = votequorum_dispatch(handle, CS_DISPATCH_ALL);

	if (result != CS_ERR_TRY_AGAIN) {
		check("dispatch", result);
	}
}

static void vote_until_heard(votequorum_handle_t handle)
{
	while (!polled(handle)) {
		usleep(10000);
		dispatch(handle);
	}
}

static void obey(votequorum_handle_t handle, const char *line)
{
	unsigned on = strchr(line, '1') != NULL;

	if (strncmp(line, "vote", 4) == 0) {
		vote = on;
		vote_until_heard(handle);
		printf("done\n");
	} else if (strncmp(line, "master", 6) == 0) {
		printf("%d\n", votequorum_qdevice_master_wins(handle, NAME, on));
	} else {
		printf("%d\n", votequorum_qdevice_unregister(handle, NAME));
		votequorum_finalize(handle);
		exit(0);
	}
}

int main(int argc, char **argv)
{
	votequorum_callbacks_t callbacks = { .votequorum_nodelist_notify_fn = nodes_changed };
	votequorum_handle_t handle;
	cs_error_t result;
	int fd;
	char line[64];

	if (argc != 2) {
		return 2;
	}
	vote = argv[1][0] == '1';
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* One read per line: the harness waits for each answer. */
	setvbuf(stdin, NULL, _IONBF, 0);
	check("initialize", votequorum_initialize(&handle, &callbacks));
	do {
		result = votequorum_qdevice_register(handle, NAME);
	} while (result == CS_ERR_TRY_AGAIN && usleep(10000) == 0);
	check("register", result);
	check("trackstart", votequorum_trackstart(handle, 1, CS_TRACK_CHANGES));
	check("fd_get", votequorum_fd_get(handle, &fd));
	dispatch(handle);
	vote_until_heard(handle);
	printf("done\n");
	for (;;) {
		struct pollfd both[2] = {
			{ .fd = fd, .events = POLLIN },
			{ .fd = 0, .events = POLLIN },
		};

		poll(both, 2, INTERVAL);
		if (both[0].revents != 0) {
			dispatch(handle);
		}
		if (both[1].revents != 0) {
			if (fgets(line, sizeof(line), stdin) == NULL) {
				return 0;
			}
			obey(handle, line);
		}
		polled(handle);
	}
}
