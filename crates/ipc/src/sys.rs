//! System calls, and memory that others use at the same time: the only unsafe code of this crate.

pub(crate) mod copy;
pub(crate) mod host;
mod kernel_words;
pub(crate) mod lock;
mod mapping;
mod room;

pub(crate) use kernel_words::{KernelWords, Waited};
pub(crate) use mapping::{FixedMapping, Mapping};
pub use room::{Room, Space};

use crate::atomic::AtomicU32;
use crate::error::Error;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

// Declared here because a blocking dispatch is a cancellation point, as it is in
// the C library: glibc unwinds out of poll, and the libc crate's declaration
// promises the compiler that poll never unwinds.
unsafe extern "C-unwind" {
    fn poll(fds: *mut libc::pollfd, count: libc::nfds_t, timeout_ms: libc::c_int) -> libc::c_int;
}

/// What a descriptor reported.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ready {
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    /// The peer is gone or sends no more, or this process shut the socket down.
    pub(crate) hung_up: bool,
}

/// Waits until one of the descriptors is ready or the limit has passed.
///
/// A signal ends the wait early with nothing ready; the caller decides whether
/// to go on. This is the only function here that acts on `pthread_cancel`.
pub(crate) fn wait_ready<const N: usize>(
    fds: [(BorrowedFd<'_>, i16); N],
    limit: Option<Duration>,
) -> Result<[Ready; N], Error> {
    let mut set = fds.map(|(fd, events)| libc::pollfd {
        fd: fd.as_raw_fd(),
        events,
        revents: 0,
    });
    // Rounded up, so that a limit of 0.3 ms does not become a busy loop.
    let ms = match limit {
        None => -1,
        Some(limit) => i32::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX),
    };
    // SAFETY: `set` is an array of N initialised pollfd that outlives the call.
    let n = unsafe { poll(set.as_mut_ptr(), N as libc::nfds_t, ms) };
    if n < 0 {
        let error = io::Error::last_os_error();
        if error.kind() == io::ErrorKind::Interrupted {
            return Ok([Ready::default(); N]);
        }
        return Err(Error::system("poll", error));
    }
    Ok(set.map(|fd| Ready {
        readable: fd.revents & libc::POLLIN != 0,
        writable: fd.revents & libc::POLLOUT != 0,
        hung_up: fd.revents & (libc::POLLHUP | libc::POLLRDHUP | libc::POLLERR | libc::POLLNVAL)
            != 0,
    }))
}

/// Waiting for a message to come.
pub(crate) const READ: i16 = libc::POLLIN | libc::POLLRDHUP;
/// Waiting for nothing but the end.
pub(crate) const END: i16 = libc::POLLRDHUP;
/// Waiting for room to send.
pub(crate) const WRITE: i16 = libc::POLLOUT;

/// The kind of a Unix socket.
#[derive(Clone, Copy)]
pub(crate) enum SocketKind {
    Stream,
    Datagram,
}

/// A new non-blocking close-on-exec Unix socket.
pub(crate) fn unix_socket(kind: SocketKind) -> Result<OwnedFd, Error> {
    let kind = match kind {
        SocketKind::Stream => libc::SOCK_STREAM,
        SocketKind::Datagram => libc::SOCK_DGRAM,
    };
    // SAFETY: socket takes no pointers.
    let fd = unsafe {
        libc::socket(
            libc::AF_UNIX,
            kind | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK,
            0,
        )
    };
    if fd < 0 {
        return Err(Error::last_os("socket"));
    }
    // SAFETY: the descriptor is open and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A Unix socket address with the length that is to be passed.
pub(crate) struct Address {
    raw: libc::sockaddr_un,
    len: libc::socklen_t,
}

impl Address {
    fn empty() -> Self {
        // SAFETY: sockaddr_un is plain data; all zeros is a valid value.
        let mut raw: libc::sockaddr_un = unsafe { std::mem::zeroed() };
        raw.sun_family = libc::AF_UNIX as libc::sa_family_t;
        Self {
            raw,
            len: size_of::<libc::sockaddr_un>() as libc::socklen_t,
        }
    }

    /// An abstract name, padded with NULs to the end of the structure: libqb
    /// binds all 107 bytes, and the kernel compares all of them.
    pub(crate) fn abstract_name(name: &[u8]) -> Result<Self, Error> {
        let mut address = Self::empty();
        let room = &mut address.raw.sun_path[1..];
        if name.len() >= room.len() || name.contains(&0) {
            return Err(Error::Untrusted(
                "the socket's name does not fit an address",
            ));
        }
        for (slot, byte) in room.iter_mut().zip(name) {
            *slot = *byte as libc::c_char;
        }
        Ok(address)
    }

    /// A path in the file system.
    pub(crate) fn path(path: &[u8]) -> Result<Self, Error> {
        let mut address = Self::empty();
        if path.len() >= address.raw.sun_path.len() || path.contains(&0) {
            return Err(Error::Untrusted(
                "the socket's path does not fit an address",
            ));
        }
        for (slot, byte) in address.raw.sun_path.iter_mut().zip(path) {
            *slot = *byte as libc::c_char;
        }
        let used = std::mem::offset_of!(libc::sockaddr_un, sun_path) + path.len() + 1;
        address.len = used as libc::socklen_t;
        Ok(address)
    }

    fn as_ptr(&self) -> *const libc::sockaddr {
        std::ptr::from_ref(&self.raw).cast()
    }
}

pub(crate) fn connect(fd: BorrowedFd<'_>, address: &Address) -> Result<(), Error> {
    // SAFETY: the address is initialised and at least `len` bytes long.
    check("connect", || unsafe {
        libc::connect(fd.as_raw_fd(), address.as_ptr(), address.len)
    })
}

pub(crate) fn bind(fd: BorrowedFd<'_>, address: &Address) -> Result<(), Error> {
    // SAFETY: the address is initialised and at least `len` bytes long.
    check("bind", || unsafe {
        libc::bind(fd.as_raw_fd(), address.as_ptr(), address.len)
    })
}

fn check(what: &'static str, mut call: impl FnMut() -> libc::c_int) -> Result<(), Error> {
    loop {
        if call() == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(Error::system(what, error));
        }
    }
}

/// Sets an integer option at the socket level.
pub(crate) fn set_option(fd: BorrowedFd<'_>, option: libc::c_int, value: i32) -> Result<(), Error> {
    // SAFETY: the value is an i32 and the length is that of an i32.
    check("setsockopt", || unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            option,
            std::ptr::from_ref(&value).cast(),
            size_of::<i32>() as libc::socklen_t,
        )
    })
}

/// The kernel attaches our credentials to what we send.
pub(crate) const PASS_CREDENTIALS: libc::c_int = libc::SO_PASSCRED;
/// Room for what is being sent, in bytes.
pub(crate) const SEND_BUFFER: libc::c_int = libc::SO_SNDBUF;
/// Room for what has arrived, in bytes.
pub(crate) const RECEIVE_BUFFER: libc::c_int = libc::SO_RCVBUF;

/// The process behind a connected Unix stream socket: the one that connected, or
/// listens, and its effective ids.
pub(crate) fn peer(fd: BorrowedFd<'_>) -> Result<libc::ucred, Error> {
    let mut creds = libc::ucred {
        pid: 0,
        uid: 0,
        gid: 0,
    };
    let mut len = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: `creds` is writable and `len` says how large it is.
    check("getsockopt", || unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            std::ptr::from_mut(&mut creds).cast(),
            &mut len,
        )
    })?;
    Ok(creds)
}

/// What a non-blocking transfer did.
pub(crate) enum Transfer {
    Done(usize),
    WouldBlock,
}

fn transfer(what: &'static str, mut call: impl FnMut() -> isize) -> Result<Transfer, Error> {
    loop {
        if let Ok(n) = usize::try_from(call()) {
            return Ok(Transfer::Done(n));
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            Some(libc::EAGAIN | libc::ENOBUFS) => return Ok(Transfer::WouldBlock),
            Some(libc::EPIPE | libc::ECONNRESET | libc::ENOTCONN | libc::ECONNREFUSED) => {
                return Err(Error::Disconnected);
            }
            _ => return Err(Error::system(what, error)),
        }
    }
}

/// Sends without blocking and without SIGPIPE.
pub(crate) fn send(fd: BorrowedFd<'_>, bytes: &[u8]) -> Result<Transfer, Error> {
    let flags = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
    // SAFETY: pointer and length describe `bytes`.
    transfer("send", || unsafe {
        libc::send(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags)
    })
}

/// Receives from a stream without blocking.
pub(crate) fn recv(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<Transfer, Error> {
    receive(fd, buffer, libc::MSG_DONTWAIT)
}

/// Receives a datagram without blocking and returns its length, also when the
/// buffer was too small for all of it.
pub(crate) fn recv_datagram(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<Transfer, Error> {
    receive(fd, buffer, libc::MSG_DONTWAIT | libc::MSG_TRUNC)
}

fn receive(fd: BorrowedFd<'_>, buffer: &mut [u8], flags: libc::c_int) -> Result<Transfer, Error> {
    // SAFETY: pointer and length describe `buffer`, which is writable.
    transfer("recv", || unsafe {
        libc::recv(
            fd.as_raw_fd(),
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            flags,
        )
    })
}

/// Ends both directions; whoever polls the socket, here or there, wakes.
pub(crate) fn shutdown(fd: BorrowedFd<'_>) {
    // SAFETY: shutdown takes no pointers. Failure means that the peer was faster.
    unsafe { libc::shutdown(fd.as_raw_fd(), libc::SHUT_RDWR) };
}

/// Waits while `word` is zero, for at most `limit`; may return at any time.
pub(crate) fn futex_wait_while_zero(word: &AtomicU32, limit: Duration) {
    let limit = timespec(limit);
    // SAFETY: the word and the timespec are valid for the call. The futex is
    // shared between processes, hence no private flag.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            std::ptr::from_ref(word),
            libc::FUTEX_WAIT,
            0u32,
            &limit,
        )
    };
}

/// Wakes up to `count` waiters.
pub(crate) fn futex_wake(word: &AtomicU32, count: i32) {
    // SAFETY: the word is valid for the call.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            std::ptr::from_ref(word),
            libc::FUTEX_WAKE,
            count,
        )
    };
}

/// Waits while `word` has the value, within this process, for at most `limit`;
/// may return at any time.
pub(crate) fn futex_wait_private(
    word: &std::sync::atomic::AtomicU32,
    value: u32,
    limit: Option<Duration>,
) {
    let limit = limit.map(timespec);
    let limit: *const libc::timespec = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    let word = std::ptr::from_ref(word);
    // SAFETY: the word is valid for the call, and so is the limit unless NULL,
    // which means none.
    unsafe { libc::syscall(libc::SYS_futex, word, operation, value, limit) };
}

/// Wakes up to `count` waiters within this process.
pub(crate) fn futex_wake_private(word: &std::sync::atomic::AtomicU32, count: i32) {
    let operation = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the word is valid for the call.
    unsafe { libc::syscall(libc::SYS_futex, std::ptr::from_ref(word), operation, count) };
}

fn timespec(limit: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: limit.as_secs().min(i32::MAX as u64) as libc::time_t,
        tv_nsec: limit.subsec_nanos().into(),
    }
}

/// The process's id, asked afresh: a fork must be noticed.
pub(crate) fn process_id() -> u32 {
    std::process::id()
}

/// The effective user id.
pub(crate) fn effective_uid() -> u32 {
    // SAFETY: geteuid takes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

/// Length in bytes that a file which this process writes to may have: beyond it, the
/// kernel answers with SIGXFSZ.
pub(crate) fn file_size_limit() -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is writable. It can't fail: the resource is one there is.
    unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) };
    limit.rlim_cur
}

/// Whether the program was started with more rights than its user has.
pub(crate) fn runs_with_raised_rights() -> bool {
    // SAFETY: getauxval takes no pointers.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// A page of static memory that reads as zeros in a forked child.
#[repr(C, align(4096))]
pub(crate) struct WipedOnFork {
    word: std::sync::atomic::AtomicU32,
    rest: [u8; 4092],
}

impl WipedOnFork {
    pub(crate) const fn new() -> Self {
        Self {
            word: std::sync::atomic::AtomicU32::new(0),
            rest: [0; 4092],
        }
    }

    pub(crate) fn word(&self) -> &std::sync::atomic::AtomicU32 {
        &self.word
    }

    /// Asks the kernel to clear the page on fork; false if it can't.
    pub(crate) fn arm(&'static self) -> bool {
        // SAFETY: sysconf takes no pointers.
        let page_size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        // The kernel advises whole pages: larger ones hold somebody else's memory.
        if usize::try_from(page_size) != Ok(size_of::<Self>()) {
            return false;
        }
        let page = std::ptr::from_ref(self).cast_mut().cast();
        // SAFETY: the page is static, aligned and covers nothing else; clearing
        // it in a child leaves a valid value. The advice changes nothing here.
        unsafe { libc::madvise(page, size_of::<Self>(), libc::MADV_WIPEONFORK) == 0 }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    /// Runs `code` in a forked child and returns its exit status.
    pub(crate) fn in_child(code: impl FnOnce() -> i32) -> i32 {
        // SAFETY: the child runs `code`, which the tests keep free of locks, and
        // leaves without running destructors or exit handlers.
        unsafe {
            let pid = libc::fork();
            assert!(pid >= 0);
            if pid == 0 {
                libc::_exit(code());
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(pid, &mut status, 0), pid);
            assert!(libc::WIFEXITED(status));
            libc::WEXITSTATUS(status)
        }
    }
}
