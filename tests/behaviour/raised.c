/*
 * What becomes of QUORATE_RUN_DIR and QUORATE_COMMAND: a connection to the daemon's own socket, which
 * libquorate_preload.so may lead elsewhere, and what libncssdk and libquorate say.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "ncssdk.h"
#include "quorate.h"

static int connected(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path + 1, "votequorum");
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
}

static void ignore(NCS_HANDLE handle, UINT32 epoch, UINT32 members, UINT32 failed, UINT32 master)
{
	(void)handle, (void)epoch, (void)members, (void)failed, (void)master;
}

int main(void)
{
	NCS_HANDLE handle;

	printf("connect %d\n", connected());
	printf("NCS_Register %d\n", NCS_Register("raised", ignore, &handle));
	printf("%s\n", quorate_start(1) == NULL ? quorate_error_text() : "started");
	return 0;
}
