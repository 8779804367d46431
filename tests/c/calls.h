/* What the parts of `calls` share. */
#ifndef QUORATE_TESTS_CALLS_H
#define QUORATE_TESTS_CALLS_H

#include "common.h"

extern votequorum_handle_t handle;

votequorum_handle_t open_handle(votequorum_callbacks_t *callbacks);
struct votequorum_info ask(unsigned node);
cs_error_t remove_device(const char *name);
void device(void);

#endif
