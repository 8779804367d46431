/*
 * Memory runs out at each allocation that the calling thread makes in NCS_Register(), each time in a
 * child, and says how the children ended.
 */
#include "../behaviour/failing.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ncssdk.h>

static void ignore(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members, UINT32 FailedMask,
		   UINT32 MasterMask)
{
	(void)Handle, (void)GroupEpoch, (void)Members, (void)FailedMask, (void)MasterMask;
}

#define NOTHING_FAILED 100

static int child(long allocations)
{
	NCS_HANDLE handle;
	NCS_RETURN result;

	alarm(60);
	countdown = allocations;
	result = NCS_Register("memory", ignore, &handle);
	countdown = -1;
	return failed == 0 ? NOTHING_FAILED : (int)result;
}

int main(void)
{
	int errors = 0, aborted = 0, others = 0, status = 0;

	for (long allocations = 0; !WIFEXITED(status) || WEXITSTATUS(status) != NOTHING_FAILED;
	     allocations++) {
		if (fork() == 0) {
			_exit(child(allocations));
		}
		wait(&status);
		if (WIFSIGNALED(status)) {
			aborted += WTERMSIG(status) == SIGABRT;
			others += WTERMSIG(status) != SIGABRT;
		} else if (WEXITSTATUS(status) != NOTHING_FAILED) {
			errors += WEXITSTATUS(status) == NCS_ALLOC_ERROR ||
				  WEXITSTATUS(status) == NCS_NO_RESOURCES;
			others += WEXITSTATUS(status) == NCS_SUCCESS;
		}
	}
	fprintf(stderr, "errors %d, aborted %d\n", errors, aborted);
	printf("some errors %d, some aborted %d, others %d\n", errors > 0, aborted > 0, others);
	return 0;
}
