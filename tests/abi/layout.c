/*
 * Sizes, offsets and types as compiled programs have them. Compiled against our headers and
 * against the original's, as C11.
 */
#include <stddef.h>
#include <corosync/corotypes.h>
#include <corosync/votequorum.h>

#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
#define AT(type, member, offset) \
	_Static_assert(offsetof(type, member) == (offset), #type "." #member)
#define SAME(one, other) _Static_assert(__builtin_types_compatible_p(one, other), #one)
#define VALUE(name, value) _Static_assert((name) == (value), #name)

SIZE(cs_error_t, 4);
SIZE(cs_dispatch_flags_t, 4);
SIZE(cs_name_t, 258);
AT(cs_name_t, value, 2);
SIZE(cs_version_t, 3);
AT(cs_version_t, releaseCode, 0);
AT(cs_version_t, majorVersion, 1);
AT(cs_version_t, minorVersion, 2);
SAME(cs_time_t, int64_t);
SAME(__typeof__(cs_strerror), const char *(cs_error_t));
SAME(__typeof__(qb_to_cs_error), cs_error_t(int));
SAME(__typeof__(hdb_error_to_cs), cs_error_t(int));
SAME(__typeof__(cs_timestamp_get()), uint64_t);

SAME(votequorum_handle_t, uint64_t);
SIZE(struct votequorum_info, 292);
AT(struct votequorum_info, node_id, 0);
AT(struct votequorum_info, node_state, 4);
AT(struct votequorum_info, node_votes, 8);
AT(struct votequorum_info, node_expected_votes, 12);
AT(struct votequorum_info, highest_expected, 16);
AT(struct votequorum_info, total_votes, 20);
AT(struct votequorum_info, quorum, 24);
AT(struct votequorum_info, flags, 28);
AT(struct votequorum_info, qdevice_votes, 32);
AT(struct votequorum_info, qdevice_name, 36);
SAME(__typeof__(((struct votequorum_info *)0)->node_id), unsigned int);
SAME(__typeof__(((struct votequorum_info *)0)->qdevice_name), char[255]);
SIZE(votequorum_node_t, 8);
AT(votequorum_node_t, nodeid, 0);
AT(votequorum_node_t, state, 4);
SIZE(votequorum_ring_id_t, 16);
AT(votequorum_ring_id_t, nodeid, 0);
AT(votequorum_ring_id_t, seq, 8);
SIZE(votequorum_callbacks_t, 24);
AT(votequorum_callbacks_t, votequorum_quorum_notify_fn, 0);
AT(votequorum_callbacks_t, votequorum_expectedvotes_notify_fn, 8);
AT(votequorum_callbacks_t, votequorum_nodelist_notify_fn, 16);

SAME(votequorum_quorum_notification_fn_t,
     void (*)(votequorum_handle_t, uint64_t, uint32_t, uint32_t, votequorum_node_t *));
SAME(votequorum_nodelist_notification_fn_t,
     void (*)(votequorum_handle_t, uint64_t, votequorum_ring_id_t, uint32_t, uint32_t *));
SAME(votequorum_expectedvotes_notification_fn_t, void (*)(votequorum_handle_t, uint64_t, uint32_t));

SAME(__typeof__(votequorum_initialize), cs_error_t(votequorum_handle_t *, votequorum_callbacks_t *));
SAME(__typeof__(votequorum_finalize), cs_error_t(votequorum_handle_t));
SAME(__typeof__(votequorum_dispatch), cs_error_t(votequorum_handle_t, cs_dispatch_flags_t));
SAME(__typeof__(votequorum_fd_get), cs_error_t(votequorum_handle_t, int *));
SAME(__typeof__(votequorum_getinfo),
     cs_error_t(votequorum_handle_t, unsigned int, struct votequorum_info *));
SAME(__typeof__(votequorum_setexpected), cs_error_t(votequorum_handle_t, unsigned int));
SAME(__typeof__(votequorum_setvotes), cs_error_t(votequorum_handle_t, unsigned int, unsigned int));
SAME(__typeof__(votequorum_trackstart), cs_error_t(votequorum_handle_t, uint64_t, unsigned int));
SAME(__typeof__(votequorum_trackstop), cs_error_t(votequorum_handle_t));
SAME(__typeof__(votequorum_context_get), cs_error_t(votequorum_handle_t, void **));
SAME(__typeof__(votequorum_context_set), cs_error_t(votequorum_handle_t, void *));
SAME(__typeof__(votequorum_qdevice_register), cs_error_t(votequorum_handle_t, const char *));
SAME(__typeof__(votequorum_qdevice_unregister), cs_error_t(votequorum_handle_t, const char *));
SAME(__typeof__(votequorum_qdevice_update),
     cs_error_t(votequorum_handle_t, const char *, const char *));
SAME(__typeof__(votequorum_qdevice_poll),
     cs_error_t(votequorum_handle_t, const char *, unsigned int, votequorum_ring_id_t));
SAME(__typeof__(votequorum_qdevice_master_wins),
     cs_error_t(votequorum_handle_t, const char *, unsigned int));

/* What came with 8.1.0. */
#ifdef VOTEQUORUM_INFO_QDEVICE_HAS_EXTRA_INFO
SIZE(votequorum_model_t, 4);
SIZE(votequorum_model_v1_data_t, 40);
AT(votequorum_model_v1_data_t, model, 0);
AT(votequorum_model_v1_data_t, votequorum_quorum_notify_fn, 8);
AT(votequorum_model_v1_data_t, votequorum_expectedvotes_notify_fn, 16);
AT(votequorum_model_v1_data_t, votequorum_nodelist_notify_fn, 24);
AT(votequorum_model_v1_data_t, votequorum_qdevice_extra_info_fn, 32);
SAME(votequorum_qdevice_extra_info_fn_t,
     void (*)(votequorum_handle_t, uint64_t, uint32_t, uint32_t, void *));
SAME(__typeof__(votequorum_model_initialize),
     cs_error_t(votequorum_handle_t *, const votequorum_model_v1_data_t *));
SAME(__typeof__(votequorum_get_qdevice_extra_info),
     cs_error_t(votequorum_handle_t, unsigned int, uint32_t *, void *));
SAME(__typeof__(votequorum_set_qdevice_extra_info),
     cs_error_t(votequorum_handle_t, uint32_t, const void *));
VALUE(VOTEQUORUM_INFO_QDEVICE_HAS_EXTRA_INFO, 1024);
VALUE(VOTEQUORUM_QDEVICE_EXTRA_NODEINFO_MAXSIZE, 4096);
VALUE(VOTEQUORUM_MODEL_V1, 1);
#endif

VALUE(VOTEQUORUM_INFO_TWONODE, 1);
VALUE(VOTEQUORUM_INFO_QUORATE, 2);
VALUE(VOTEQUORUM_INFO_WAIT_FOR_ALL, 4);
VALUE(VOTEQUORUM_INFO_LAST_MAN_STANDING, 8);
VALUE(VOTEQUORUM_INFO_AUTO_TIE_BREAKER, 16);
VALUE(VOTEQUORUM_INFO_ALLOW_DOWNSCALE, 32);
VALUE(VOTEQUORUM_INFO_QDEVICE_REGISTERED, 64);
VALUE(VOTEQUORUM_INFO_QDEVICE_ALIVE, 128);
VALUE(VOTEQUORUM_INFO_QDEVICE_CAST_VOTE, 256);
VALUE(VOTEQUORUM_INFO_QDEVICE_MASTER_WINS, 512);
VALUE(VOTEQUORUM_QDEVICE_NODEID, 0);
VALUE(VOTEQUORUM_QDEVICE_MAX_NAME_LEN, 255);
VALUE(VOTEQUORUM_QDEVICE_DEFAULT_TIMEOUT, 10000);
VALUE(VOTEQUORUM_QDEVICE_DEFAULT_SYNC_TIMEOUT, 30000);
VALUE(VOTEQUORUM_NODESTATE_MEMBER, 1);
VALUE(VOTEQUORUM_NODESTATE_DEAD, 2);
VALUE(VOTEQUORUM_NODESTATE_LEAVING, 3);

VALUE(CS_FALSE, 0);
VALUE(CS_TRUE, 1);
VALUE(CS_MAX_NAME_LENGTH, 256);
VALUE(CS_TIME_END, INT64_MAX);
VALUE(CS_MAX(2, 3), 3);
VALUE(CS_IPC_TIMEOUT_MS, -1);
VALUE(CS_TIME_MS_IN_SEC, 1000ULL);
VALUE(CS_TIME_US_IN_SEC, 1000000ULL);
VALUE(CS_TIME_NS_IN_SEC, 1000000000ULL);
VALUE(CS_TIME_US_IN_MSEC, 1000ULL);
VALUE(CS_TIME_NS_IN_MSEC, 1000000ULL);
VALUE(CS_TIME_NS_IN_USEC, 1000ULL);
VALUE(CS_TRACK_CURRENT, 1);
VALUE(CS_TRACK_CHANGES, 2);
VALUE(CS_TRACK_CHANGES_ONLY, 4);
VALUE(CS_DISPATCH_ONE, 1);
VALUE(CS_DISPATCH_ALL, 2);
VALUE(CS_DISPATCH_BLOCKING, 3);
VALUE(CS_DISPATCH_ONE_NONBLOCKING, 4);
VALUE(CS_OK, 1);
VALUE(CS_ERR_LIBRARY, 2);
VALUE(CS_ERR_VERSION, 3);
VALUE(CS_ERR_INIT, 4);
VALUE(CS_ERR_TIMEOUT, 5);
VALUE(CS_ERR_TRY_AGAIN, 6);
VALUE(CS_ERR_INVALID_PARAM, 7);
VALUE(CS_ERR_NO_MEMORY, 8);
VALUE(CS_ERR_BAD_HANDLE, 9);
VALUE(CS_ERR_BUSY, 10);
VALUE(CS_ERR_ACCESS, 11);
VALUE(CS_ERR_NOT_EXIST, 12);
VALUE(CS_ERR_NAME_TOO_LONG, 13);
VALUE(CS_ERR_EXIST, 14);
VALUE(CS_ERR_NO_SPACE, 15);
VALUE(CS_ERR_INTERRUPT, 16);
VALUE(CS_ERR_NAME_NOT_FOUND, 17);
VALUE(CS_ERR_NO_RESOURCES, 18);
VALUE(CS_ERR_NOT_SUPPORTED, 19);
VALUE(CS_ERR_BAD_OPERATION, 20);
VALUE(CS_ERR_FAILED_OPERATION, 21);
VALUE(CS_ERR_MESSAGE_ERROR, 22);
VALUE(CS_ERR_QUEUE_FULL, 23);
VALUE(CS_ERR_QUEUE_NOT_AVAILABLE, 24);
VALUE(CS_ERR_BAD_FLAGS, 25);
VALUE(CS_ERR_TOO_BIG, 26);
VALUE(CS_ERR_NO_SECTIONS, 27);
VALUE(CS_ERR_CONTEXT_NOT_FOUND, 28);
VALUE(CS_ERR_TOO_MANY_GROUPS, 30);
VALUE(CS_ERR_SECURITY, 100);
