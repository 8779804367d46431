
/*
 * Quorate's ncssdk: Novell's cluster SDK on a corosync cluster.
 *
 * Every declaration says where it comes from:
 *
 *   [DOC]   name, parameters and meaning follow Novell's published guide to its
 *           Cluster Services SDK; the words are ours.
 *   [OURS]  decided here, where the guide says nothing or is not public.
 *
 * Source that was written to the guide recompiles. Novell's own header and
 * binaries are not public, so numbers of constants, widths and layouts can only
 * be ours, and compatibility with programs that are already compiled isn't
 * claimed.
 *
 * Functions that the guide names without their prototypes being public are not
 * declared: NCS_ListResources, NCS_FindResource, NCS_ReadResource,
 * NCS_ResourceControl, NCS_NumPools, NCS_WhatVolumes, NCS_ClusterIPAddress.
 */

#ifdef __cplusplus
extern "C" {
#endif

/*
 * [OURS] UINT8, UINT32 and BYTE, which the guide takes for granted. A program
 * that has its own, of the same widths, may keep them: identical ones can simply
 * stay (C11, C++); otherwise it defines NCS_OWN_TYPES before it includes this
 * header, after its own types.
 */
#ifndef NCS_OWN_TYPES
typedef uint8_t UINT8;
typedef uint32_t UINT32;
typedef uint8_t BYTE;
#endif

/** [DOC] What every function returns; [OURS] 32 bits, unsigned. */
typedef uint32_t NCS_RETURN;

/** [DOC] Names a registration; [OURS] 32 bits, never 0. */
typedef uint32_t NCS_HANDLE;

/** [DOC] Points to the bytes of a lock's name; [OURS] a pointer to const. */
typedef const void *NCS_KEY;

/** [DOC] A resource's state, one of NCS_STATE_*; [OURS] 32 bits, signed. */
typedef int32_t NCS_STATE;

/** [DOC] What a resource waits for somebody to decide, one of NCS_ALERT_*; [OURS] 32 bits, signed. */
typedef int32_t NCS_ALERT;

/** [DOC] What is known of a storage pool. [OURS] Incomplete: its members are not public. */
typedef struct NCS_POOL_INFO NCS_POOL_INFO;

/**
 * [DOC] The epoch callback: called on every node in the cluster when any node joins or leaves.
 * A function type, not a pointer type; there is no pointer for the program's own use.
 *
 * GroupEpoch rises by one for each node that joins or leaves. Members has a bit for each node in
 * the cluster now, FailedMask one for each node that failed since the last callback, MasterMask
 * the master's. A handler may pass over a callback whose Handle is not the one that
 * NCS_Register() gave it.
 *
 * Members is 0: this node itself is leaving the cluster. The program deregisters, and registers
 * again once it is accepted.
 *
 * [OURS] The bit of corosync's node N is 1 << (N - 1). A node is in the cluster while its
 * partition has quorum; to lose quorum, or corosync itself, is to leave. A node that had announced
 * that it would leave (votequorum's state LEAVING) has not failed; but corosync 3.1 lets nobody
 * know in time, so that a node which was stopped counts as failed. The first callback comes with
 * the registration and tells what is.
 *
 * [OURS] Callbacks are run by a thread of the library, one at a time and in order, unless
 * ncs_fd_get() was called; it has the signal mask of the thread that registered first. No lock
 * is held meanwhile: any function of this header may be called inside, on any handle. A callback of
 * Members == 0 should return soon: its return is what lets others have the locks of this process.
 */
typedef void (NCS_EPOCH_CHANGE_CALLBACK)(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members,
                                         UINT32 FailedMask, UINT32 MasterMask);

#ifdef __cplusplus
}
#endif
