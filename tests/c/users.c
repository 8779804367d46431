/*
 * Connects to cmap as somebody: users RUID EUID RGID EGID GROUP, a supplementary group or -. It takes
 * the ids itself: a program that is started with real and effective ids that differ has raised
 * rights, and what is preloaded does nothing in it.
 */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <corosync/cmap.h>

int main(int count, char **words)
{
	cmap_handle_t handle;
	cs_error_t result;
	gid_t group;
	int more;

	if (count != 6) {
		return 64;
	}
	group = atoi(words[5]);
	more = words[5][0] != '-';
	if (setgroups(more, &group) != 0 ||
	    setresgid(atoi(words[3]), atoi(words[4]), -1) != 0 ||
	    setresuid(atoi(words[1]), atoi(words[2]), -1) != 0) {
		perror("users");
		return 1;
	}
	result = cmap_initialize(&handle);
	printf("ruid %s euid %s rgid %s egid %s group %s: %d\n", words[1], words[2], words[3],
	       words[4], words[5], result);
	return 0;
}
