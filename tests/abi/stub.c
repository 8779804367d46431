/*
 * The sixteen functions of libvotequorum 8.0.0, as the installed header declares them. Built with
 * debug information it says which types the original has; built without versions it is a library
 * that knows none.
 */
#include <corosync/votequorum.h>


#pragma GCC diagnostic ignored "-Wunused-parameter"

cs_error_t votequorum_initialize(votequorum_handle_t *handle, votequorum_callbacks_t *callbacks)
{
	return CS_OK;
}

cs_error_t votequorum_finalize(votequorum_handle_t handle)
{
	return CS_OK;
}

cs_error_t votequorum_dispatch(votequorum_handle_t handle, cs_dispatch_flags_t dispatch_types)
{
	return CS_OK;
}

cs_error_t votequorum_fd_get(votequorum_handle_t handle, int *fd)
{
	return CS_OK;
}

cs_error_t votequorum_getinfo(votequorum_handle_t handle, unsigned int nodeid,
			      struct votequorum_info *info)
{
	return CS_OK;
}

cs_error_t votequorum_setexpected(votequorum_handle_t handle, unsigned int expected_votes)
{
	return CS_OK;
}

cs_error_t votequorum_setvotes(votequorum_handle_t handle, unsigned int nodeid, unsigned int votes)
{
	return CS_OK;
}

cs_error_t votequorum_trackstart(votequorum_handle_t handle, uint64_t context, unsigned int flags)
{
	return CS_OK;
}

cs_error_t votequorum_trackstop(votequorum_handle_t handle)
{
	return CS_OK;
}

cs_error_t votequorum_context_get(votequorum_handle_t handle, void **context)
{
	return CS_OK;
}

cs_error_t votequorum_context_set(votequorum_handle_t handle, void *context)
{
	return CS_OK;
}

cs_error_t votequorum_qdevice_register(votequorum_handle_t handle, const char *name)
{
	return CS_OK;
}

cs_error_t votequorum_qdevice_unregister(votequorum_handle_t handle, const char *name)
{
	return CS_OK;
}

cs_error_t votequorum_qdevice_update(votequorum_handle_t handle, const char *oldname,
				     const char *newname)
{
	return CS_OK;
}

cs_error_t votequorum_qdevice_poll(votequorum_handle_t handle, const char *name,
				   unsigned int cast_vote, votequorum_ring_id_t ring_id)
{
	return CS_OK;
}

cs_error_t votequorum_qdevice_master_wins(votequorum_handle_t handle, const char *name,
					  unsigned int allow)
{
	return CS_OK;
}
