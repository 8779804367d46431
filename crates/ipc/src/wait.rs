//! Waiting for several connections at once, and being woken meanwhile.

use crate::error::Error;
use crate::sys;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// Waits until one of the descriptors has something to read or has hung up, and
/// says which. None of them: the limit passed, or a signal came.
///
/// # Errors
///
/// [`Error::System`]: the system call failed.
pub fn readable<const N: usize>(
    fds: [BorrowedFd<'_>; N],
    limit: Option<Duration>,
) -> Result<[bool; N], Error> {
    let ready = sys::wait_ready(fds.map(|fd| (fd, sys::READ)), limit)?;
    Ok(ready.map(|fd| fd.readable || fd.hung_up))
}

/// Whether there is room to write into this descriptor's socket now, or nobody to write to.
///
/// # Errors
///
/// [`Error::System`]: the system call failed.
pub fn has_room(fd: BorrowedFd<'_>) -> Result<bool, Error> {
    let [socket] = sys::wait_ready([(fd, sys::WRITE)], Some(Duration::ZERO))?;
    Ok(socket.writable || socket.hung_up)
}

/// A descriptor that is readable from [`Wakeup::wake`] until [`Wakeup::clear`].
#[derive(Debug)]
pub struct Wakeup {
    event: File,
}

impl Wakeup {
    /// One that is not readable.
    ///
    /// # Errors
    ///
    /// [`Error::System`]: there is no descriptor left.
    pub fn new() -> Result<Self, Error> {
        let event = sys::host::event_fd()?.into();
        Ok(Self { event })
    }

    /// Makes it readable.
    pub fn wake(&self) {
        // Fails only if the counter is at its end, and then it is readable.
        let _ = (&self.event).write(&1u64.to_ne_bytes());
    }

    /// Makes it unreadable.
    pub fn clear(&self) {
        // Fails only if it is unreadable already.
        let _ = (&self.event).read(&mut [0; 8]);
    }
}

impl AsFd for Wakeup {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_socket_has_room_until_it_is_full_or_nobody_listens() {
        let (here, there) = UnixStream::pair().unwrap();
        here.set_nonblocking(true).unwrap();
        assert!(has_room(here.as_fd()).unwrap());
        while (&here).write(&[0; 4096]).is_ok() {}
        assert!(!has_room(here.as_fd()).unwrap());
        drop(there);
        assert!(has_room(here.as_fd()).unwrap());
    }

    #[test]
    fn a_wakeup_stays_until_it_is_cleared() {
        let [one, other] = [Wakeup::new().unwrap(), Wakeup::new().unwrap()];
        let ready = || readable([one.as_fd(), other.as_fd()], Some(Duration::ZERO)).unwrap();
        assert_eq!(ready(), [false, false]);
        other.wake();
        other.wake();
        assert_eq!(ready(), [false, true]);
        assert_eq!(ready(), [false, true]);
        other.clear();
        assert_eq!(ready(), [false, false]);
        other.clear();
    }
}
