//! What the messages of all services are made of.

use crate::reply::OK;
use quorate_ipc::header::{RequestHeader, ResponseHeader};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `CS_ERR_INVALID_PARAM`.
const INVALID_PARAM: i32 = 7;
/// `CS_ERR_NAME_TOO_LONG`.
const NAME_TOO_LONG: i32 = 13;

/// A 32-bit integer in an eight-byte slot; the other half is never read and
/// always sent as zeros.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Word {
    value: u32,
    pad: u32,
}

impl Word {
    /// The integer in its slot.
    pub const fn new(value: u32) -> Self {
        Self { value, pad: 0 }
    }

    /// The integer.
    pub const fn get(self) -> u32 {
        self.value
    }
}

/// What the slot holds next to the integer is garbage and does not count.
impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Word {}

/// A byte in an eight-byte slot.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Octet {
    value: u8,
    pad: [u8; 7],
}

impl Octet {
    /// The byte in its slot.
    pub const fn new(value: u8) -> Self {
        Self { value, pad: [0; 7] }
    }

    /// The byte.
    pub const fn get(self) -> u8 {
        self.value
    }
}

/// Why a request can't be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is not even a whole header.
    #[error("a request is shorter than its header")]
    Short,
    /// The header and the transport disagree about the length.
    #[error("a request of {actual} bytes claims to have {claimed}")]
    Size {
        /// What the header says.
        claimed: i32,
        /// What came.
        actual: usize,
    },
    /// The service has no such request.
    #[error("no request has the number {0}")]
    UnknownId(i32),
    /// The request has not the length that its kind, or its own fields, demand.
    #[error("a request of kind {id} can't have {actual} bytes")]
    Length {
        /// Which request.
        id: i32,
        /// What came.
        actual: usize,
    },
    /// A name has no terminating NUL within its field.
    #[error("a name is not terminated")]
    Unterminated,
    /// A name claims to be longer than its field.
    #[error("a name is longer than its field")]
    NameTooLong,
    /// A field has a value that no reply could follow from.
    #[error("{0}")]
    Value(&'static str),
}

/// A request that can't be understood, and the answer that it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct BadRequest {
    /// What is wrong with it.
    pub fault: Fault,
    silent: bool,
}

impl BadRequest {
    /// The daemon's bare answer: id 0, an error, nothing more. `None` if the
    /// client does not wait for one, as after cpg's multicast: an answer that
    /// nobody takes would be taken for the next request's.
    pub fn reply(&self) -> Option<[u8; 24]> {
        let error = match self.fault {
            Fault::NameTooLong => NAME_TOO_LONG,
            _ => INVALID_PARAM,
        };
        (!self.silent).then(|| status(0, error))
    }

    pub(crate) fn silent(mut self) -> Self {
        self.silent = true;
        self
    }
}

impl From<Fault> for BadRequest {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            silent: false,
        }
    }
}

/// A reply that is a header and nothing more. With id 0 and an error it answers
/// any request of any service: 6 asks to try again, 7 calls it invalid.
pub fn status(id: i32, error: i32) -> [u8; 24] {
    let header = ResponseHeader::new(id, size_of::<ResponseHeader>(), error);
    let mut bytes = [0; 24];
    bytes.copy_from_slice(header.as_bytes());
    bytes
}

/// The header of a reply or event of kind `id` that is a `T` and reports success.
pub(crate) fn success<T>(id: i32) -> ResponseHeader {
    ResponseHeader::new(id, size_of::<T>(), OK)
}

/// The header of a request that is a `T`.
pub(crate) fn request<T>(id: i32) -> RequestHeader {
    RequestHeader::new(id, size_of::<T>())
}

/// Reads a request's header and holds it against what came.
pub(crate) fn request_header(bytes: &[u8]) -> Result<RequestHeader, BadRequest> {
    let (header, _) = RequestHeader::read_from_prefix(bytes).map_err(|_| Fault::Short)?;
    if usize::try_from(header.size) != Ok(bytes.len()) {
        return Err(BadRequest::from(Fault::Size {
            claimed: header.size,
            actual: bytes.len(),
        }));
    }
    Ok(header)
}

/// Reads a request of fixed length.
pub(crate) fn exact<T: FromBytes>(id: i32, bytes: &[u8]) -> Result<T, BadRequest> {
    T::read_from_bytes(bytes).map_err(|_| wrong_length(id, bytes))
}

/// Reads the fixed part of a request whose length is `size_of::<T>()` plus what
/// `tail` makes of that part; the variable part starts at `at`.
pub(crate) fn with_tail<T: FromBytes>(
    id: i32,
    bytes: &[u8],
    at: usize,
    tail: impl FnOnce(&T) -> u64,
) -> Result<(T, &[u8]), BadRequest> {
    let wrong = || wrong_length(id, bytes);
    let (fixed, _) = T::read_from_prefix(bytes).map_err(|_| wrong())?;
    let tail = usize::try_from(tail(&fixed)).map_err(|_| wrong())?;
    if size_of::<T>().checked_add(tail) != Some(bytes.len()) {
        return Err(wrong());
    }
    Ok((fixed, &bytes[at..at + tail]))
}

fn wrong_length(id: i32, bytes: &[u8]) -> BadRequest {
    Fault::Length {
        id,
        actual: bytes.len(),
    }
    .into()
}

/// The name in a field that must hold its terminating NUL.
pub(crate) fn c_string(field: &[u8]) -> Result<&[u8], BadRequest> {
    let end = field.iter().position(|byte| *byte == 0);
    Ok(&field[..end.ok_or(Fault::Unterminated)?])
}

/// A field of `N` bytes that holds as much of `name` as leaves room for a NUL.
pub(crate) fn c_field<const N: usize>(name: &[u8]) -> [u8; N] {
    debug_assert!(name.len() < N);
    let mut field = [0; N];
    let len = name.len().min(N - 1);
    field[..len].copy_from_slice(&name[..len]);
    field
}

/// A message of a fixed part and lists. The lists start at `at`, which in some
/// messages lies inside the fixed part's trailing padding, while its size is
/// computed from the whole of both: such messages end in unused bytes.
pub(crate) fn message(fixed: &(impl IntoBytes + Immutable), at: usize, lists: &[&[u8]]) -> Vec<u8> {
    let total = size_of_val(fixed) + lists.iter().map(|list| list.len()).sum::<usize>();
    let mut bytes = vec![0; total];
    bytes[..size_of_val(fixed)].copy_from_slice(fixed.as_bytes());
    let mut at = at;
    for list in lists {
        bytes[at..at + list.len()].copy_from_slice(list);
        at += list.len();
    }
    // Requests and replies alike have their size in the second slot.
    bytes[8..12].copy_from_slice(&(total as i32).to_ne_bytes());
    bytes
}

/// Takes `count` elements off the front of `bytes`, which must be aligned.
pub(crate) fn list<'a, T: FromBytes + Immutable + KnownLayout>(
    bytes: &mut &'a [u8],
    count: u64,
) -> Option<&'a [T]> {
    let count = usize::try_from(count).ok()?;
    let (list, rest) = <[T]>::ref_from_prefix_with_elems(bytes, count).ok()?;
    *bytes = rest;
    Some(list)
}
