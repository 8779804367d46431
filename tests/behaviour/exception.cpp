// An exception thrown in a callback leaves votequorum_dispatch() and finds its handler; the
// connection is as good as before.
#include <cstdio>
#include <stdexcept>
#include <dlfcn.h>
#include <corosync/votequorum.h>

static bool armed = true;

static void on_nodes(votequorum_handle_t, uint64_t, votequorum_ring_id_t, uint32_t, uint32_t *)
{
	if (armed) {
		armed = false;
		throw std::runtime_error("thrown in a callback");
	}
}

int main()
{
	votequorum_callbacks_t callbacks = {};
	votequorum_handle_t handle;
	Dl_info where;

	dladdr(dlsym(RTLD_DEFAULT, "votequorum_initialize"), &where);
	std::fprintf(stderr, "library: %s\n", where.dli_fname);
	callbacks.votequorum_nodelist_notify_fn = on_nodes;
	std::printf("%d", votequorum_initialize(&handle, &callbacks));
	std::printf(" %d", votequorum_trackstart(handle, 0, CS_TRACK_CURRENT));
	try {
		std::printf(" %d", votequorum_dispatch(handle, CS_DISPATCH_ALL));
	} catch (const std::runtime_error &error) {
		std::printf(" caught: %s,", error.what());
	}
	std::printf(" %d", votequorum_trackstart(handle, 0, CS_TRACK_CURRENT));
	std::printf(" %d", votequorum_dispatch(handle, CS_DISPATCH_ALL));
	std::printf(" %d", votequorum_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	std::printf(" %d\n", votequorum_finalize(handle));
}
