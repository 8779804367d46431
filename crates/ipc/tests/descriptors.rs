//! A server's descriptors. On their own, because they are the whole process's.

mod rig;

use quorate_ipc::handshake::{ConnectionRequest, ConnectionResponse};
use quorate_ipc::server::Limits;
use rig::*;
use std::io::Read;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::time::Duration;
use zerocopy::IntoBytes;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What comes with a message, and is not taken, is closed by the kernel.
#[test]
fn descriptors_that_are_sent_along_are_not_kept() {
    let _alone = ONE_AT_A_TIME.lock();
    let rig = Rig::start(Limits::default());
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let mut streams = Vec::new();
    let before = open();
    for _ in 0..10 {
        let mut stream = UnixStream::connect(rig.run_dir().join("votequorum")).unwrap();
        send_with_descriptors(&stream, ConnectionRequest::new(8192).as_bytes());
        let mut response = vec![0; size_of::<ConnectionResponse>()];
        stream.read_exact(&mut response).unwrap();
        for _ in 0..5 {
            send_with_descriptors(&stream, &[0]);
        }
        streams.push(stream);
    }
    assert!(is_served(&rig.client()));
    rig.next_end();
    // One socket of the client's and seven of the server's, and nothing else.
    let more = open() - before;
    assert!((70..=90).contains(&more), "{more}");
}

/// Sends sixteen descriptors along.
fn send_with_descriptors(stream: &UnixStream, bytes: &[u8]) {
    const COUNT: usize = 16;
    let fds = [stream.as_raw_fd(); COUNT];
    let mut control = [0u64; 16];
    let mut part = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    // SAFETY: the message names the bytes, and a control area that has room for
    // the descriptors and is aligned for its header.
    let sent = unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = libc::CMSG_SPACE(size_of_val(&fds) as u32) as _;
        let header = libc::CMSG_FIRSTHDR(&message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(size_of_val(&fds) as u32) as _;
        libc::CMSG_DATA(header)
            .cast::<[libc::c_int; COUNT]>()
            .write_unaligned(fds);
        libc::sendmsg(stream.as_raw_fd(), &message, 0)
    };
    assert_eq!(sent, bytes.len() as isize);
}

#[test]
fn callers_are_turned_away_and_not_forgotten() {
    let _alone = ONE_AT_A_TIME.lock();
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
