/* Registers again and again while corosync's services do what they like. */
#include "ncs_rest.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include <ncssdk.h>

#define WARM_UP 50
/* This one, and the one for callbacks. */
#define THREADS 2

static void ignore(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members, UINT32 FailedMask,
		   UINT32 MasterMask)
{
	(void)Handle, (void)GroupEpoch, (void)Members, (void)FailedMask, (void)MasterMask;
}

int main(int count, char **arguments)
{
	int rounds = count == 2 ? atoi(arguments[1]) : 0;
	struct toll before = {0};
	int failed = 0;

	alarm(60);
	for (int i = 0; i < WARM_UP + rounds; i++) {
		NCS_HANDLE handle;
		UINT32 epoch, members;

		if (i == WARM_UP) {
			before = at_rest(THREADS);
		}
		if (NCS_Register("hostile", ignore, &handle) != NCS_SUCCESS) {
			failed++;
			continue;
		}
		NCS_Query_Epoch(handle, &epoch, &members);
		if (NCS_Deregister(handle) != NCS_SUCCESS) {
			printf("not deregistered\n");
		}
		/* Or the next round would use the same connections. */
		at_rest(THREADS);
	}
	fprintf(stderr, "%d of %d rounds failed\n", failed, WARM_UP + rounds);
	printf("%s failed, ", failed == 0 ? "none" : "some");
	at_rest(THREADS);
	print_lost(&before);
	return 0;
}
