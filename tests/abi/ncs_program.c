/*
 * Uses all of ncssdk.h as C and as C++, in every language version; refused by every function.
 */
#ifdef NCS_OWN_TYPES
/* What a program may have brought along: of the same widths, but not the same types. */
typedef signed char UINT8;
typedef unsigned int UINT32;
typedef char BYTE;
#endif
#ifdef OWN_TYPES_ALIKE
typedef unsigned char UINT8;
typedef unsigned int UINT32;
typedef unsigned char BYTE;
#endif
#include <ncssdk.h>
#ifdef OWN_TYPES_ALIKE
typedef unsigned char UINT8;
#endif
#include <stdio.h>

/* The documented definition of a handler; the type can be used to declare it. */
static NCS_EPOCH_CHANGE_CALLBACK handler;
static void handler(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members, UINT32 FailedMask,
		    UINT32 MasterMask)
{
	(void)Handle;
	(void)GroupEpoch;
	(void)Members;
	(void)FailedMask;
	(void)MasterMask;
}

int main(void)
{
	NCS_EPOCH_CHANGE_CALLBACK *callback = handler;
	NCS_KEY key = "key";
	NCS_HANDLE handle = 0;
	NCS_RESOURCE resource;
	NCS_STATE state = NCS_STATE_NDS_SYNC;
	NCS_ALERT alert = NCS_ALERT_FAILBACK;
	NCS_POOL_INFO *pools = NULL;
	UINT32 one = RESOURCE_MASTER_SPECIAL;
	UINT32 two = 0;
	int fd = -1;

	resource.name[MAX_RDN_CHARS] = 0;
	resource.uniObjName[MAX_DN_CHARS * 2 + 3] = 0;
	resource.fail_order[MAX_NODES - 1] = 0;
	(void)resource;
	(void)state;
	(void)alert;
	printf("%u", NCS_Register("", callback, &handle));
	printf(" %u", NCS_Query_Epoch(handle, &one, &two));
	printf(" %u", NCS_Lock(handle, key, 3));
	printf(" %u", NCS_TryLock(handle, key, NCS_MAX_KEY_LEN, &one));
	printf(" %u", NCS_UnLock(handle, key, 3));
	printf(" %u", NCS_Rebuild_Database(handle));
	printf(" %u", NCS_WherePools(handle, &one, pools));
	printf(" %u", ncs_fd_get(1, &fd));
	printf(" %u", ncs_dispatch(1, NCS_DISPATCH_ALL));
	printf(" %u\n", NCS_Deregister(handle));
	return 0;
}
