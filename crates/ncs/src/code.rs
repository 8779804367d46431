//! What a call answers.

/// The answers of the SDK's calls.
///
/// \[DOC\] for the names that the guide lists, \[OURS\] for [`NotMember`](Self::NotMember) and
/// [`BadHandle`](Self::BadHandle); the numbers belong to the C boundary, which maps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// \[DOC\] `NCS_SUCCESS`.
    Success,
    /// \[DOC\] `NCS_FAILURE`.
    Failure,
    /// \[DOC\] `NCS_BAD_PARAMETER`: a key of a wrong length, a lock taken twice by one handle, a
    /// lock given up by a handle that does not hold it.
    BadParameter,
    /// \[DOC\] `NCS_NOT_SUPPORTED`: among others a cluster with a node id that has no bit.
    NotSupported,
    /// \[DOC\] `NCS_NO_RESOURCES`: the lock table is full.
    NoResources,
    /// \[DOC\] `NCS_TRYLOCK_HELD`: somebody holds the lock; the holder's bit says which node.
    TryLockHeld,
    /// \[DOC\] `NCS_ALLOC_ERROR`.
    AllocError,
    /// \[DOC\] `NCS_UNKNOWN`.
    Unknown,
    /// \[OURS\] `NCS_NOT_MEMBER`: this node is not in the cluster now; register again later.
    NotMember,
    /// \[OURS\] `NCS_BAD_HANDLE`: no such registration.
    BadHandle,
}
