/*
 * A program as Novell's guide describes one: it registers, is told of every change of the
 * cluster, deregisters when its own node leaves, and asks until it is accepted again. Every
 * callback is a line. Runs until it is killed, or its standard input says "end".
 * Usage: ncs_member thread | poll
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <ncssdk.h>

static NCS_HANDLE current;
static int left_the_cluster[2];

/* The documented prototype, written as a program would. */
static void epoch_changed(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members, UINT32 FailedMask,
			  UINT32 MasterMask)
{
	if (Handle != current) {
		printf("callback of another handle\n");
		return;
	}
	printf("epoch=%u members=%#x failed=%#x master=%#x\n", GroupEpoch, Members, FailedMask,
	       MasterMask);
	if (Members == 0 && write(left_the_cluster[1], "", 1) != 1) {
		abort();
	}
}

static void register_until_accepted(void)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	NCS_RETURN result;
	NCS_RETURN last = NCS_SUCCESS;

	while ((result = NCS_Register("member", epoch_changed, &current)) != NCS_SUCCESS) {
		if (result != last) {
			printf("refused %u\n", result);
		}
		last = result;
		nanosleep(&pause, NULL);
	}
}

static void print_query(void)
{
	UINT32 epoch = 0;
	UINT32 members = 0;
	NCS_RETURN result = NCS_Query_Epoch(current, &epoch, &members);

	printf("query %u epoch=%u members=%#x\n", result, epoch, members);
}

int main(int count, char *arguments[])
{
	struct pollfd set[3] = { { .fd = 0, .events = POLLIN }, { .events = POLLIN },
				 { .fd = -1, .events = POLLIN } };
	char line[16];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (count != 2 || pipe(left_the_cluster) != 0) {
		return 2;
	}
	set[1].fd = left_the_cluster[0];
	if (strcmp(arguments[1], "poll") == 0 && ncs_fd_get(0, &set[2].fd) != NCS_SUCCESS) {
		return 2;
	}
	register_until_accepted();
	printf("registered\n");
	while (poll(set, 3, -1) > 0) {
		if (set[2].revents != 0 && ncs_dispatch(0, NCS_DISPATCH_ALL) != NCS_SUCCESS) {
			return 2;
		}
		if (set[1].revents != 0) {
			if (read(set[1].fd, line, 1) != 1) {
				return 2;
			}
			print_query();
			printf("deregistered %u\n", NCS_Deregister(current));
			register_until_accepted();
			printf("registered again\n");
		}
		if (set[0].revents != 0) {
			if (fgets(line, sizeof(line), stdin) == NULL || strcmp(line, "end\n") == 0) {
				break;
			}
			print_query();
		}
	}
	printf("deregistered %u\n", NCS_Deregister(current));
	return 0;
}
