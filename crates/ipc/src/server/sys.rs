//! System calls that only the server needs.

use crate::error::Error;
use crate::sys::Transfer;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::time::Duration;

/// Who a client is, as the kernel says: its process id and its *real* user and
/// group id, which is what corosync judges by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Process id, as seen from here; 0 for a process of a foreign namespace.
    pub pid: i32,
    /// Real user id.
    pub uid: u32,
    /// Real group id. Supplementary groups are unknown and do not count.
    pub gid: u32,
}

/// Waits for many descriptors at once.
#[derive(Debug)]
pub(super) struct Poller(OwnedFd);

/// What a descriptor reported.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) token: u64,
    pub(super) readable: bool,
    pub(super) writable: bool,
    pub(super) hung_up: bool,
}

impl Poller {
    pub(super) fn new() -> Result<Self, Error> {
        // SAFETY: epoll_create1 takes no pointers.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if fd < 0 {
            return Err(Error::last_os("epoll_create1"));
        }
        // SAFETY: the descriptor is open and nobody else's.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Begins to watch a descriptor, until it is closed.
    pub(super) fn add(&self, fd: BorrowedFd<'_>, token: u64) -> Result<(), Error> {
        self.control(libc::EPOLL_CTL_ADD, fd, token, false)
    }

    /// Ends the watch; what happens meanwhile is reported after the next begin.
    pub(super) fn remove(&self, fd: BorrowedFd<'_>) -> Result<(), Error> {
        self.control(libc::EPOLL_CTL_DEL, fd, 0, false)
    }

    /// Also watches for room to send, or not any more.
    pub(super) fn want_room(
        &self,
        fd: BorrowedFd<'_>,
        token: u64,
        wanted: bool,
    ) -> Result<(), Error> {
        self.control(libc::EPOLL_CTL_MOD, fd, token, wanted)
    }

    fn control(
        &self,
        operation: libc::c_int,
        fd: BorrowedFd<'_>,
        token: u64,
        room: bool,
    ) -> Result<(), Error> {
        let mut events = libc::EPOLLIN;
        if room {
            events |= libc::EPOLLOUT;
        }
        let mut event = libc::epoll_event {
            events: events as u32,
            u64: token,
        };
        // SAFETY: the event is initialised and outlives the call.
        let done =
            unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, fd.as_raw_fd(), &mut event) };
        if done < 0 {
            return Err(Error::last_os("epoll_ctl"));
        }
        Ok(())
    }

    /// Waits until something is ready or the limit has passed; a signal ends the
    /// wait early.
    pub(super) fn wait(&self, limit: Option<Duration>) -> Result<Vec<Event>, Error> {
        const AT_ONCE: usize = 64;
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; AT_ONCE];
        let n = match self.wait_exactly(&mut events, limit) {
            // Linux before 5.11, or a sandbox that does not know it.
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => {
                self.wait_about(&mut events, limit)
            }
            done => done,
        };
        let n = match n {
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(Vec::new()),
            Err(error) => return Err(Error::system("epoll_wait", error)),
        };
        let event = |event: &libc::epoll_event| {
            let (bits, token) = (event.events as i32, event.u64);
            Event {
                token,
                readable: bits & libc::EPOLLIN != 0,
                writable: bits & libc::EPOLLOUT != 0,
                hung_up: bits & (libc::EPOLLHUP | libc::EPOLLERR) != 0,
            }
        };
        Ok(events[..n].iter().map(event).collect())
    }

    fn wait_exactly(
        &self,
        events: &mut [libc::epoll_event],
        limit: Option<Duration>,
    ) -> io::Result<usize> {
        let limit = limit.map(|limit| libc::timespec {
            tv_sec: libc::time_t::try_from(limit.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_nsec: limit.subsec_nanos().into(),
        });
        // SAFETY: the array is writable and as long as the count says; the limit is null or
        // outlives the call; no signals are masked.
        let n = unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                self.0.as_raw_fd(),
                events.as_mut_ptr(),
                events.len(),
                limit.as_ref().map_or(ptr::null(), ptr::from_ref),
                ptr::null::<libc::sigset_t>(),
                0usize,
            )
        };
        usize::try_from(n).map_err(|_| io::Error::last_os_error())
    }

    fn wait_about(
        &self,
        events: &mut [libc::epoll_event],
        limit: Option<Duration>,
    ) -> io::Result<usize> {
        // Rounded up, so that a limit of 0.3 ms does not become a busy loop.
        let ms = limit.map_or(-1, |limit| {
            i32::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
        });
        let room = events.len() as libc::c_int;
        // SAFETY: the array is writable and as long as the count says.
        let n = unsafe { libc::epoll_wait(self.0.as_raw_fd(), events.as_mut_ptr(), room, ms) };
        usize::try_from(n).map_err(|_| io::Error::last_os_error())
    }
}

impl AsFd for Poller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Room for one set of credentials and nothing else: descriptors that a client
/// attaches do not fit, so the kernel drops them.
#[repr(C, align(8))]
struct Control([u8; CONTROL_LEN]);

// SAFETY: CMSG_SPACE computes and does nothing else.
const CONTROL_LEN: usize =
    unsafe { libc::CMSG_SPACE(size_of::<libc::ucred>() as libc::c_uint) } as usize;

/// Receives without blocking, with the sender's credentials.
pub(super) fn recv_with_credentials(
    fd: BorrowedFd<'_>,
    buffer: &mut [u8],
) -> Result<(Transfer, Option<Credentials>), Error> {
    let mut control = Control([0; CONTROL_LEN]);
    let mut part = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // SAFETY: msghdr is plain data; all zeros is a valid value.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = CONTROL_LEN;
    // SAFETY: the message names a writable buffer and a writable, aligned
    // control area, with their lengths.
    let n = unsafe { libc::recvmsg(fd.as_raw_fd(), &mut message, libc::MSG_DONTWAIT) };
    let Ok(n) = usize::try_from(n) else {
        let error = io::Error::last_os_error();
        return match error.raw_os_error() {
            Some(libc::EAGAIN | libc::EINTR) => Ok((Transfer::WouldBlock, None)),
            _ => Err(Error::system("recvmsg", error)),
        };
    };
    // SAFETY: the kernel has set the control length to what it has written, and
    // the header is checked before the data behind it is read.
    let credentials = unsafe {
        let header = libc::CMSG_FIRSTHDR(&message);
        let length = libc::CMSG_LEN(size_of::<libc::ucred>() as libc::c_uint) as usize;
        if !header.is_null()
            && (*header).cmsg_level == libc::SOL_SOCKET
            && (*header).cmsg_type == libc::SCM_CREDENTIALS
            && (*header).cmsg_len >= length as _
        {
            Some(
                libc::CMSG_DATA(header)
                    .cast::<libc::ucred>()
                    .read_unaligned(),
            )
        } else {
            None
        }
    };
    let credentials = credentials.map(|found| Credentials {
        pid: found.pid,
        uid: found.uid,
        gid: found.gid,
    });
    Ok((Transfer::Done(n), credentials))
}

/// Whether what was sent on a Unix socket has not all been received.
pub(super) fn has_unread(fd: BorrowedFd<'_>) -> bool {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the request writes one int.
    let done = unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCOUTQ, &mut bytes) };
    done == 0 && bytes != 0
}

/// Reserves the file's first `len` bytes, so that nobody who maps them finds the
/// file system full.
pub(super) fn allocate(file: &File, len: usize) -> Result<(), Error> {
    // SAFETY: fallocate takes no pointers.
    if unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, len as libc::off_t) } == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    if error.raw_os_error() != Some(libc::EOPNOTSUPP) {
        return Err(Error::system("fallocate", error));
    }
    file.set_len(len as u64)
        .map_err(|e| Error::system("ftruncate", e))
}

/// Locks a file for as long as it is open; false if somebody else has it.
pub(super) fn try_lock(file: &File) -> bool {
    // SAFETY: flock takes no pointers.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) == 0 }
}
