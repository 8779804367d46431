/* Connects to each address named by an argument and prints the errno. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* "@name" is an abstract name and "@name:len" one of another length; anything
 * else is a path. */
static int try(const char *what)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(address);
	char *colon = strchr(what, ':');
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), error;

	if (colon)
		len = (socklen_t)atoi(colon + 1);
	strncpy(address.sun_path, what, colon ? (size_t)(colon - what) : sizeof(address.sun_path) - 1);
	if (what[0] == '@')
		address.sun_path[0] = 0;
	else
		len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(what) + 1);
	error = connect(fd, (struct sockaddr *)&address, len) == 0 ? 0 : errno;
	close(fd);
	return error;
}

int main(int argc, char **argv)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	for (int i = 1; i < argc; i++)
		printf("%d\n", try(argv[i]));
	printf("%d\n", connect(fd, NULL, 0) == 0 ? 0 : errno);
	return 0;
}
