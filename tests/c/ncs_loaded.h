/* libncssdk by dlopen(): the functions' names mean what load() has found. */
#ifndef QUORATE_TESTS_NCS_LOADED_H
#define QUORATE_TESTS_NCS_LOADED_H

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <ncssdk.h>

static __typeof__(NCS_Register) *loaded_register;
static __typeof__(NCS_Deregister) *loaded_deregister;
static __typeof__(NCS_Query_Epoch) *loaded_query_epoch;
static __typeof__(NCS_Lock) *loaded_lock;
static __typeof__(NCS_TryLock) *loaded_try_lock;
static __typeof__(NCS_UnLock) *loaded_unlock;
static __typeof__(ncs_fd_get) *loaded_fd_get;
static __typeof__(ncs_dispatch) *loaded_dispatch;

static void *found(void *library, const char *name)
{
	void *function = dlsym(library, name);

	if (function == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return function;
}

static void load(void)
{
	void *library = dlopen("libncssdk.so.1", RTLD_NOW | RTLD_LOCAL);

	if (library == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	loaded_register = found(library, "NCS_Register");
	loaded_deregister = found(library, "NCS_Deregister");
	loaded_query_epoch = found(library, "NCS_Query_Epoch");
	loaded_lock = found(library, "NCS_Lock");
	loaded_try_lock = found(library, "NCS_TryLock");
	loaded_unlock = found(library, "NCS_UnLock");
	loaded_fd_get = found(library, "ncs_fd_get");
	loaded_dispatch = found(library, "ncs_dispatch");
}

#define NCS_Register loaded_register
#define NCS_Deregister loaded_deregister
#define NCS_Query_Epoch loaded_query_epoch
#define NCS_Lock loaded_lock
#define NCS_TryLock loaded_try_lock
#define NCS_UnLock loaded_unlock
#define ncs_fd_get loaded_fd_get
#define ncs_dispatch loaded_dispatch

#endif
