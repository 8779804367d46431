//! A server that has run out of descriptors. On its own, because the limit is
//! the whole process's.

mod rig;

use quorate_ipc::server::Limits;
use rig::*;
use std::io::Read;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

#[test]
fn callers_are_turned_away_and_not_forgotten() {
    // A caller may get in where another thread has just closed something.
    let limits = Limits {
        half_open_time: Duration::from_millis(200),
        ..Limits::default()
    };
    let rig = Rig::start(limits);
    assert!(is_served(&rig.client()));
    rig.next_end();
    let path = rig.run_dir().join("votequorum");
    let sockets: Vec<_> = (0..20).map(|_| unconnected()).collect();
    // The lowest free descriptor is the first that nobody gets any more.
    let free = unconnected();
    let limit = set_limit(free.as_raw_fd() as u64);
    drop(free);
    let mut turned_away = 0;
    let connected = sockets
        .into_iter()
        .map(|socket| connect(socket, path.as_os_str().as_bytes()));
    for mut stream in connected.collect::<Vec<_>>() {
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        turned_away += usize::from(matches!(stream.read(&mut [0; 1]), Ok(0)));
    }
    set_limit(limit);
    assert_eq!(turned_away, 20);
    assert!(is_served(&rig.client()));
}

fn unconnected() -> UnixStream {
    // SAFETY: socket takes no pointers; the descriptor is nobody else's.
    unsafe {
        let fd = libc::socket(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0);
        assert!(fd >= 0);
        UnixStream::from_raw_fd(fd)
    }
}

fn connect(socket: UnixStream, path: &[u8]) -> UnixStream {
    // SAFETY: sockaddr_un is plain data, and the call gets one with its length.
    let done = unsafe {
        let mut address: libc::sockaddr_un = std::mem::zeroed();
        address.sun_family = libc::AF_UNIX as libc::sa_family_t;
        for (slot, byte) in address.sun_path.iter_mut().zip(path) {
            *slot = *byte as libc::c_char;
        }
        libc::connect(
            socket.as_raw_fd(),
            std::ptr::from_ref(&address).cast(),
            size_of::<libc::sockaddr_un>() as libc::socklen_t,
        )
    };
    assert_eq!(done, 0);
    socket
}

/// Sets the limit and returns the one before.
fn set_limit(descriptors: u64) -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure is writable, and initialised when it is read.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        let before = limit.rlim_cur;
        limit.rlim_cur = descriptors;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &limit), 0);
        before
    }
}
