/*
 * Reads a byte behind its memory: AddressSanitizer must say so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <corosync/votequorum.h>

int main(int count, char **arguments)
{
	char *memory = calloc(1, count);
	votequorum_handle_t handle;

	(void)arguments;
	if (memory == NULL || votequorum_initialize(&handle, NULL) != CS_OK) {
		return 1;
	}
	printf("%d\n", memory[count]);
	free(memory);
	return votequorum_finalize(handle) == CS_OK ? 0 : 1;
}
