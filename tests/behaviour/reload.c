/* A program that loads a library, uses it and lets it go, again and again: a plugin of a plugin. */
#include "toll.h"

#include <dlfcn.h>
#include <stdint.h>
#include <unistd.h>
#include <corosync/votequorum.h>

#define TIMES 1000

static int use(void *library)
{
	cs_error_t (*initialize)(votequorum_handle_t *, votequorum_callbacks_t *);
	cs_error_t (*getinfo)(votequorum_handle_t, unsigned, struct votequorum_info *);
	cs_error_t (*finalize)(votequorum_handle_t);
	struct votequorum_info info;
	votequorum_handle_t handle;

	*(void **)&initialize = dlsym(library, "votequorum_initialize");
	*(void **)&getinfo = dlsym(library, "votequorum_getinfo");
	*(void **)&finalize = dlsym(library, "votequorum_finalize");
	return initialize != NULL && initialize(&handle, NULL) == CS_OK &&
	       getinfo(handle, 0, &info) == CS_OK && info.node_id == 1 &&
	       finalize(handle) == CS_OK;
}

int main(int count, char **arguments)
{
	const char *name = count == 2 ? arguments[1] : "libvotequorum.so.8";
	struct toll before = {0};
	int used = 0, mapped = 0;

	alarm(240);
	for (int i = 0; i <= TIMES; i++) {
		void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);

		if (library == NULL) {
			printf("%s\n", dlerror());
			return 1;
		}
		if (i == 0) {
			fprintf(stderr, "mapped parts %d\n", lines_with("/proc/self/maps", "votequorum"));
		}
		used += use(library);
		dlclose(library);
		if (i == 0) {
			before = toll();
		}
	}
	mapped = lines_with("/proc/self/maps", "votequorum") > 0;
	printf("used %d times, still mapped %d, ", used, mapped);
	print_lost(&before);
	return 0;
}
