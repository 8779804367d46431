// A C++ exception leaves a callback by way of ncs_dispatch(), and nothing is lost.
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <unistd.h>
#include <ncssdk.h>

static int callbacks;

static void throwing(NCS_HANDLE, UINT32, UINT32, UINT32, UINT32)
{
	if (++callbacks == 1) {
		throw std::runtime_error("thrown in a callback");
	}
}

int main()
{
	NCS_HANDLE one = 0, other = 0;
	int fd = -1;

	alarm(60);
	std::printf("%u", ncs_fd_get(0, &fd));
	std::printf(" %u", NCS_Register("exception", throwing, &one));
	std::printf(" %u", NCS_Register("exception", throwing, &other));
	try {
		ncs_dispatch(0, NCS_DISPATCH_ALL);
	} catch (const std::exception &error) {
		std::printf(" caught: %s,", error.what());
	}
	std::printf(" %u", ncs_dispatch(0, NCS_DISPATCH_ALL));
	std::printf(" %d", callbacks);
	// Waits for callbacks that run: the one that threw is not taken for one.
	std::printf(" %u", NCS_Deregister(one));
	std::printf(" %u\n", NCS_Deregister(other));
	return 0;
}
