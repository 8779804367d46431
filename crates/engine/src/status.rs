//! Result codes of requests.

/// How a request ended. The numbers are those of `cs_error_t`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u32)]
pub enum Status {
    /// The request was carried out.
    Ok = 1,
    /// Not now: a registration is under way, or nothing can be multicast.
    TryAgain = 6,
    /// A value or name does not fit.
    InvalidParam = 7,
    /// The quorum device is disabled by the configuration.
    Access = 11,
    /// Nothing of that kind: node, registration or tracking.
    NotExist = 12,
    /// There is one already: tracking, or a device of another name.
    Exist = 14,
    /// SETVOTES named an unknown node.
    NameNotFound = 17,
    /// The change could not be multicast.
    NoResources = 18,
    /// The poll named another ring than the current one.
    MessageError = 22,
}

impl Status {
    /// The number on the wire, a `cs_error_t`.
    #[must_use]
    pub const fn code(self) -> u32 {
        self as u32
    }
}
