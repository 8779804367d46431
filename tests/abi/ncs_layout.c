/*
 * ncssdk.h as compiled programs have it: sizes, offsets, types, numbers. Compiled as C11.
 */
#include <stddef.h>
#include <ncssdk.h>

#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
#define AT(member, offset) _Static_assert(offsetof(NCS_RESOURCE, member) == (offset), #member)
#define SAME(one, other) _Static_assert(__builtin_types_compatible_p(one, other), #one)
#define VALUE(name, value) _Static_assert((name) == (value), #name)

SAME(UINT8, unsigned char);
SAME(UINT32, unsigned int);
SAME(BYTE, unsigned char);
SAME(NCS_RETURN, unsigned int);
SAME(NCS_HANDLE, unsigned int);
SAME(NCS_KEY, const void *);
SAME(NCS_STATE, int);
SAME(NCS_ALERT, int);
SAME(NCS_EPOCH_CHANGE_CALLBACK, void(UINT32, UINT32, UINT32, UINT32, UINT32));

SAME(__typeof__(NCS_Register),
     NCS_RETURN(const char *, NCS_EPOCH_CHANGE_CALLBACK *, NCS_HANDLE *));
SAME(__typeof__(NCS_Deregister), NCS_RETURN(NCS_HANDLE));
SAME(__typeof__(NCS_Query_Epoch), NCS_RETURN(NCS_HANDLE, UINT32 *, UINT32 *));
SAME(__typeof__(NCS_Lock), NCS_RETURN(NCS_HANDLE, NCS_KEY, UINT32));
SAME(__typeof__(NCS_TryLock), NCS_RETURN(NCS_HANDLE, NCS_KEY, UINT32, UINT32 *));
SAME(__typeof__(NCS_UnLock), NCS_RETURN(NCS_HANDLE, NCS_KEY, UINT32));
SAME(__typeof__(NCS_Rebuild_Database), NCS_RETURN(NCS_HANDLE));
SAME(__typeof__(NCS_WherePools), NCS_RETURN(NCS_HANDLE, UINT32 *, NCS_POOL_INFO *));
SAME(__typeof__(ncs_fd_get), NCS_RETURN(NCS_HANDLE, int *));
SAME(__typeof__(ncs_dispatch), NCS_RETURN(NCS_HANDLE, unsigned int));

SIZE(NCS_RESOURCE, 776);
AT(name, 0);
AT(loadWait, 132);
AT(unloadWait, 136);
AT(failOver, 140);
AT(failBack, 144);
AT(ignore_quorum, 148);
AT(revision, 152);
AT(fail_order, 156);
AT(loadScript, 192);
AT(unloadScript, 200);
AT(uniObjName, 208);
AT(incarnation, 724);
AT(state, 728);
AT(alert, 732);
AT(location, 736);
AT(fromTo, 740);
AT(res_fail_cnt, 744);
AT(dateAndTime, 748);
SAME(__typeof__(((NCS_RESOURCE *)0)->name), UINT8[MAX_RDN_CHARS + 1]);
SAME(__typeof__(((NCS_RESOURCE *)0)->fail_order), UINT8[MAX_NODES]);
SAME(__typeof__(((NCS_RESOURCE *)0)->loadScript), UINT8 *);
SAME(__typeof__(((NCS_RESOURCE *)0)->uniObjName), UINT8[MAX_DN_CHARS * 2 + 4]);
SAME(__typeof__(((NCS_RESOURCE *)0)->state), NCS_STATE);
SAME(__typeof__(((NCS_RESOURCE *)0)->alert), NCS_ALERT);
SAME(__typeof__(((NCS_RESOURCE *)0)->dateAndTime), BYTE[24]);

VALUE(MAX_RDN_CHARS, 128);
VALUE(MAX_DN_CHARS, 256);
VALUE(MAX_NODES, 32);
VALUE(NCS_MAX_KEY_LEN, 32);
VALUE(NCS_SUCCESS, 0);
VALUE(NCS_FAILURE, 1);
VALUE(NCS_BAD_PARAMETER, 2);
VALUE(NCS_NOT_SUPPORTED, 3);
VALUE(NCS_NO_RESOURCES, 4);
VALUE(NCS_TRYLOCK_HELD, 5);
VALUE(NCS_ALLOC_ERROR, 6);
VALUE(NCS_UNKNOWN, 7);
VALUE(NCS_NOT_MEMBER, 8);
VALUE(NCS_BAD_HANDLE, 9);
VALUE(NCS_STATE_OFFLINE, 1);
VALUE(NCS_STATE_COMATOSE, 2);
VALUE(NCS_STATE_LOADING, 3);
VALUE(NCS_STATE_UNLOADING, 4);
VALUE(NCS_STATE_RUNNING, 5);
VALUE(NCS_STATE_ALERT, 6);
VALUE(NCS_STATE_UNASSIGNED, 7);
VALUE(NCS_STATE_QUORUM_WAIT, 8);
VALUE(NCS_STATE_NDS_SYNC, 9);
VALUE(NCS_ALERT_ACK, 0);
VALUE(NCS_ALERT_START, 1);
VALUE(NCS_ALERT_FAILOVER, 2);
VALUE(NCS_ALERT_FAILBACK, 3);
VALUE(RESOURCE_ONLINE, 0x1);
VALUE(RESOURCE_START_MANUAL, 0x2);
VALUE(RESOURCE_FAILOVER_MANUAL, 0x4);
VALUE(RESOURCE_FAILBACK_MANUAL, 0x8);
VALUE(RESOURCE_FAILBACK_DISABLED, 0x10);
VALUE(RESOURCE_FAILOVER_NEXT, 0x100);
VALUE(RESOURCE_MASTER_SPECIAL, 0x80000000);
VALUE(NCS_DISPATCH_ONE, 1);
VALUE(NCS_DISPATCH_ALL, 2);
VALUE(NCS_DISPATCH_BLOCKING, 3);
