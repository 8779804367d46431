//! The command `quorate`: where it is, and how it is started.

use std::ffi::{CStr, OsStr, OsString};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::Failure;

const VARIABLE: &str = "QUORATE_COMMAND";

/// Where the command is, seen from the library: installed to PREFIX/lib, to a directory of the
/// architecture's there, and as `make` builds both.
const PLACES: [&str; 4] = [
    "../bin/quorate",
    "../../bin/quorate",
    "../../target/release/quorate",
    "../../target/debug/quorate",
];

fn command() -> Result<PathBuf, Failure> {
    // SAFETY: getauxval takes no pointers.
    if unsafe { libc::getauxval(libc::AT_SECURE) } != 0 {
        let text = "a program with raised rights cannot start clusters";
        return Err(Failure::system(text));
    }
    if let Some(given) = std::env::var_os(VARIABLE).filter(|given| !given.is_empty()) {
        return Ok(given.into());
    }
    let own = own_file();
    let directory = own.as_deref().and_then(Path::parent);
    let beside = directory
        .into_iter()
        .flat_map(|directory| PLACES.iter().map(|place| directory.join(place)));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).map(|directory| directory.join("quorate"));
    beside
        .chain(in_path)
        .find(|path| path.is_file())
        .ok_or_else(|| {
            Failure::system(format!(
                "the command quorate was not found; {VARIABLE} can say where it is"
            ))
        })
}

/// The file that this code was loaded from.
fn own_file() -> Option<PathBuf> {
    // SAFETY: Dl_info is plain data; all zeros is a valid value.
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    let here = own_file as fn() -> Option<PathBuf>;
    // SAFETY: the address is only looked up, and `info` is writable.
    if unsafe { libc::dladdr(here as *const libc::c_void, &mut info) } == 0 {
        return None;
    }
    // SAFETY: dladdr has set a terminated name that lives as long as the library is loaded.
    let name = unsafe { info.dli_fname.as_ref().map(|name| CStr::from_ptr(name)) }?;
    std::fs::canonicalize(OsStr::from_bytes(name.to_bytes())).ok()
}

/// Starts `quorate serve` and waits until it is ready. What it complains of is the error.
pub(crate) fn serve(arguments: &[OsString]) -> Result<(), Failure> {
    let program = command()?;
    let failed = |error: io::Error| Failure::system(format!("{}: {error}", program.display()));
    let mut command = Command::new(&program);
    command
        .args(["serve", "--detach", "--owner"])
        .arg(std::process::id().to_string())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // SAFETY: what runs in the child is one system call, which allocates and locks nothing.
    unsafe { command.pre_exec(close_others) };
    let mut child = command.spawn().map_err(failed)?;
    let (mut said, mut complaints) = (Vec::new(), String::new());
    let stdout = child
        .stdout
        .take()
        .map(|mut pipe| pipe.read_to_end(&mut said));
    let stderr = child
        .stderr
        .take()
        .map(|mut pipe| pipe.read_to_string(&mut complaints));
    // If the program ignores SIGCHLD or waits for all of its children, the status may be gone.
    let _ = child.wait();
    stdout.transpose().map_err(failed)?;
    stderr.transpose().map_err(failed)?;
    if said.is_empty() {
        // How the command is used would show options that the caller did not give.
        let why = complaints.split("\n\nUsage:").next().unwrap_or_default();
        let why = why.trim().trim_start_matches("quorate: ");
        let why = if why.is_empty() {
            "it ended at once"
        } else {
            why
        };
        return Err(Failure::system(format!("{}: {why}", program.display())));
    }
    Ok(())
}

/// The program's own descriptors are none of the cluster's business: who waits for the end of a
/// pipe would wait for the cluster.
fn close_others() -> io::Result<()> {
    let first: libc::c_uint = 3;
    // SAFETY: the call takes no pointers. An old kernel does not know it; then they stay open.
    unsafe {
        libc::syscall(
            libc::SYS_close_range,
            first,
            libc::c_uint::MAX,
            CLOSE_ON_EXEC,
        )
    };
    Ok(())
}

/// `CLOSE_RANGE_CLOEXEC`
const CLOSE_ON_EXEC: libc::c_uint = 4;
