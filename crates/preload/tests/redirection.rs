//! What the preload library redirects, and what it leaves alone.

mod programs;

use programs::{compile, have_libraries, preload, run, skip};
use std::fs::{self, DirBuilder, Permissions};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A directory with sockets that accept everything.
struct Place {
    dir: PathBuf,
    _sockets: Vec<UnixListener>,
}

impl Place {
    fn new(name: &str, sockets: &[&str]) -> Self {
        let dir = std::env::temp_dir().join(format!("quorate-{name}-{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&dir).unwrap();
        let bind = |name: &&str| UnixListener::bind(dir.join(name)).unwrap();
        Self {
            _sockets: sockets.iter().map(bind).collect(),
            dir,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.dir).unwrap();
    }
}

/// The errno of each attempt; the last is one without an address.
fn attempts(run_dir: &Path, program: &Path, addresses: &[&str]) -> Vec<i32> {
    let output = run(run_dir, program, addresses);
    assert!(output.status.success(), "{}", output.status);
    let said = String::from_utf8(output.stdout).unwrap();
    let mut errors: Vec<i32> = said.lines().map(|line| line.parse().unwrap()).collect();
    assert!(matches!(errors.pop(), Some(libc::EINVAL | libc::EFAULT)));
    errors
}

#[test]
fn the_five_services_and_nothing_else() {
    if !have_libraries() {
        return;
    }
    let services = ["cmap", "cfg", "cpg", "quorum", "votequorum"];
    let place = Place::new("services", &[&services[..], &["other", "quorumx"]].concat());
    let program = compile(&place.dir, "connect");
    let abstract_names = services.map(|name| format!("@{name}"));
    let names: Vec<_> = abstract_names.iter().map(String::as_str).collect();
    assert_eq!(attempts(&place.dir, &program, &names), [0; 5]);
    // Other names, and the same names as the kernel would not match them.
    let others = [
        "@other",
        "@quorumx",
        "@votequorum:13",
        "@votequorum:109",
        "@quor",
    ];
    let refused = [libc::ECONNREFUSED; 5];
    assert_eq!(attempts(&place.dir, &program, &others), refused);
    let path = place.dir.join("other");
    let missing = place.dir.join("votequoru");
    let paths = [path.to_str().unwrap(), missing.to_str().unwrap()];
    let found = attempts(&place.dir, &program, &paths);
    assert_eq!(found, [0, libc::ENOENT]);
}

#[test]
fn without_the_variable_everything_is_as_before() {
    if !have_libraries() {
        return;
    }
    let place = Place::new("without", &[]);
    let program = compile(&place.dir, "connect");
    // If this fails there is a real corosync, which will do as well.
    let name = [b"cpg", &[0; 104][..]].concat();
    let address = SocketAddr::from_abstract_name(name).unwrap();
    let _socket = UnixListener::bind_addr(&address);
    assert_eq!(attempts(Path::new(""), &program, &["@cpg"]), [0]);
    assert_eq!(
        attempts(&place.dir, &program, &["@cpg"]),
        [libc::ECONNREFUSED]
    );
}

#[test]
fn a_directory_that_is_not_there_or_not_to_be_trusted() {
    if !have_libraries() {
        return;
    }
    let place = Place::new("trust", &["cmap"]);
    let program = compile(&place.dir, "connect");
    let connect = |dir: &Path| attempts(dir, &program, &["@cmap"]);
    assert_eq!(connect(&place.dir.join("no")), [libc::ECONNREFUSED]);
    assert_eq!(connect(&program), [libc::ENOTDIR]);
    fs::remove_file(place.dir.join("cmap")).unwrap();
    assert_eq!(connect(&place.dir), [libc::ECONNREFUSED]);
    for mode in [0o720, 0o702] {
        fs::set_permissions(&place.dir, Permissions::from_mode(mode)).unwrap();
        assert_eq!(connect(&place.dir), [libc::EACCES]);
    }
}

#[test]
fn a_directory_with_a_long_name() {
    if !have_libraries() {
        return;
    }
    let place = Place::new("long", &[]);
    let program = compile(&place.dir, "connect");
    let dir = place.dir.join("x".repeat(150));
    DirBuilder::new().mode(0o700).create(&dir).unwrap();
    // Bound where the name is short enough, and moved.
    let socket = UnixListener::bind(place.dir.join("cpg")).unwrap();
    fs::rename(place.dir.join("cpg"), dir.join("cpg")).unwrap();
    assert_eq!(attempts(&dir, &program, &["@cpg"]), [0]);
    drop(socket);
}

#[test]
fn the_library_exports_one_function() {
    let nm = Command::new("nm")
        .args(["-D", "--defined-only"])
        .arg(preload())
        .output();
    let Ok(output) = nm else {
        return skip("nm is missing");
    };
    let symbols = String::from_utf8(output.stdout).unwrap();
    let names: Vec<_> = symbols.split_whitespace().skip(2).step_by(3).collect();
    assert_eq!(names, ["connect"]);
}
