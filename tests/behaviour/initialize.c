/* Prints what votequorum_initialize() returns, and nothing else. */
#include <stdio.h>
#include <corosync/votequorum.h>

int main(void)
{
	votequorum_handle_t handle;

	printf("%d\n", votequorum_initialize(&handle, NULL));
	return 0;
}
