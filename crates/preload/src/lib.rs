//! `libquorate_preload.so`: with `LD_PRELOAD`, it leads a program that uses
//! corosync's own C libraries to the simulated cluster in `QUORATE_RUN_DIR`.
//!
//! It exports `connect` and nothing else. A connection to one of the five
//! abstract sockets of corosync's services goes to the socket of that name in
//! the directory; every other one, and all of them without the variable or in a
//! program with raised rights, goes where it was meant to.
//!
//! Nothing here allocates, locks or panics: `connect` may be called in a signal
//! handler and in a forked child.

use std::ffi::CStr;
use std::mem::offset_of;
use std::sync::atomic::{AtomicPtr, Ordering};

type Connect =
    unsafe extern "C" fn(libc::c_int, *const libc::sockaddr, libc::socklen_t) -> libc::c_int;

const SERVICES: [&[u8]; 5] = [b"cmap", b"cfg", b"cpg", b"quorum", b"votequorum"];
const RUN_DIR: &CStr = c"QUORATE_RUN_DIR";
const PATH: usize = offset_of!(libc::sockaddr_un, sun_path);
const PATH_LEN: usize = size_of::<libc::sockaddr_un>() - PATH;

/// Connects a socket, to the simulated cluster where the real one was meant.
///
/// # Safety
///
/// As for the C library's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn connect(
    fd: libc::c_int,
    address: *const libc::sockaddr,
    len: libc::socklen_t,
) -> libc::c_int {
    // SAFETY: the caller vouches for the address; it is looked at only if it has
    // the length of what it is looked at as.
    let service = unsafe { service_of(address, len) };
    if let (Some(service), Some(dir)) = (service, run_dir()) {
        return connect_in(fd, dir, service);
    }
    // SAFETY: the caller's own arguments.
    unsafe { original(fd, address, len) }
}

/// The service whose abstract socket this is. libqb gives the whole structure,
/// padded with NULs, and the kernel compares all of it: a shorter address names
/// another socket.
///
/// # Safety
///
/// `address` is null or has `len` readable bytes.
unsafe fn service_of(
    address: *const libc::sockaddr,
    len: libc::socklen_t,
) -> Option<&'static [u8]> {
    if address.is_null() || len as usize != size_of::<libc::sockaddr_un>() {
        return None;
    }
    // SAFETY: not null and long enough; alignment is not relied on.
    let address = unsafe { address.cast::<libc::sockaddr_un>().read_unaligned() };
    if libc::c_int::from(address.sun_family) != libc::AF_UNIX || address.sun_path[0] != 0 {
        return None;
    }
    let name = &address.sun_path[1..];
    SERVICES.into_iter().find(|service| {
        let padded = service.iter().copied().chain(std::iter::repeat(0));
        name.iter().zip(padded).all(|(a, b)| *a as u8 == b)
    })
}

fn run_dir() -> Option<&'static CStr> {
    // SAFETY: getauxval takes no pointers.
    if unsafe { libc::getauxval(libc::AT_SECURE) } != 0 {
        return None;
    }
    // SAFETY: the name is terminated. The value stays valid unless the program
    // changes the variable meanwhile, which no C program may do next to a getenv.
    let dir = unsafe {
        let value = libc::getenv(RUN_DIR.as_ptr());
        (!value.is_null()).then(|| CStr::from_ptr(value))?
    };
    (!dir.is_empty()).then_some(dir)
}

fn connect_in(fd: libc::c_int, dir: &CStr, service: &[u8]) -> libc::c_int {
    // SAFETY: the path is terminated.
    let handle = unsafe {
        let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC;
        libc::open(dir.as_ptr(), flags)
    };
    if handle < 0 {
        return fail(match errno() {
            // As if nobody listened on the abstract socket.
            libc::ENOENT => libc::ECONNREFUSED,
            other => other,
        });
    }
    let connected = if is_trusted(handle) {
        connect_below(fd, dir, handle, service)
    } else {
        fail(libc::EACCES)
    };
    let reason = errno();
    // SAFETY: the descriptor was opened here.
    unsafe { libc::close(handle) };
    if connected < 0 {
        return fail(match reason {
            libc::ENOENT => libc::ECONNREFUSED,
            other => other,
        });
    }
    connected
}

/// Nobody but the user (or root) may be able to put a socket in the directory.
fn is_trusted(dir: libc::c_int) -> bool {
    // SAFETY: stat is plain data, and the call gets a writable one.
    let (done, meta) = unsafe {
        let mut meta: libc::stat = std::mem::zeroed();
        (libc::fstat(dir, &mut meta), meta)
    };
    // SAFETY: geteuid takes nothing and cannot fail.
    let own = unsafe { libc::geteuid() };
    done == 0 && (meta.st_uid == 0 || meta.st_uid == own) && meta.st_mode & 0o022 == 0
}

fn connect_below(fd: libc::c_int, dir: &CStr, handle: libc::c_int, service: &[u8]) -> libc::c_int {
    let mut path = Path {
        // SAFETY: sockaddr_un is plain data; all zeros is a valid value.
        address: unsafe { std::mem::zeroed() },
        len: 0,
    };
    path.address.sun_family = libc::AF_UNIX as libc::sa_family_t;
    if dir.count_bytes() + 1 + service.len() < PATH_LEN {
        path.push(dir.to_bytes());
    } else {
        path.push(b"/proc/self/fd/");
        path.push_number(handle as u32);
    }
    path.push(b"/");
    path.push(service);
    let len = PATH + path.len + 1;
    let address = std::ptr::from_ref(&path.address).cast();
    // SAFETY: the address is initialised and longer than `len` says.
    unsafe { original(fd, address, len as libc::socklen_t) }
}

/// An address that is being written.
struct Path {
    address: libc::sockaddr_un,
    len: usize,
}

impl Path {
    /// What does not fit, with room for a NUL, is cut off; the caller sees to it
    /// that nothing is that long.
    fn push(&mut self, bytes: &[u8]) {
        let room = &mut self.address.sun_path[self.len..PATH_LEN - 1];
        for (slot, byte) in room.iter_mut().zip(bytes) {
            *slot = *byte as libc::c_char;
            self.len += 1;
        }
    }

    fn push_number(&mut self, number: u32) {
        if number >= 10 {
            self.push_number(number / 10);
        }
        self.push(&[b'0' + (number % 10) as u8]);
    }
}

/// Calls the function that this library's one stands in front of.
///
/// # Safety
///
/// As for that function.
unsafe fn original(
    fd: libc::c_int,
    address: *const libc::sockaddr,
    len: libc::socklen_t,
) -> libc::c_int {
    static NEXT: AtomicPtr<libc::c_void> = AtomicPtr::new(std::ptr::null_mut());
    let mut next = NEXT.load(Ordering::Relaxed);
    if next.is_null() {
        // SAFETY: the name is terminated.
        next = unsafe { libc::dlsym(libc::RTLD_NEXT, c"connect".as_ptr()) };
        NEXT.store(next, Ordering::Relaxed);
    }
    if next.is_null() {
        return fail(libc::ENOSYS);
    }
    // SAFETY: every function of this name has this type; the arguments are the
    // caller's.
    unsafe { std::mem::transmute::<*mut libc::c_void, Connect>(next)(fd, address, len) }
}

fn errno() -> libc::c_int {
    // SAFETY: the location belongs to this thread.
    unsafe { *libc::__errno_location() }
}

fn fail(reason: libc::c_int) -> libc::c_int {
    // SAFETY: the location belongs to this thread.
    unsafe { *libc::__errno_location() = reason };
    -1
}
