//! One node's namespaces, and programs started inside them.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::ops::{Deref, DerefMut};
use std::os::unix::process::CommandExt as _;
use std::process::{ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::Pid;

use crate::process::Process;

/// Does something in a thread that is alone in a network, where no corosync has its names. What it
/// starts is there, too.
///
/// # Panics
///
/// When the caller is not root.
pub fn in_own_network<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).expect("root may have a network of its own");
            act()
        });
        let ended = thread.join();
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Run by the first process of the namespaces. It then waits for its standard input to end, which
/// happens when the test process ends, however that happens; the kernel kills the rest.
///
/// Some programs under test exist to reset the machine when quorum is lost. What they would do it
/// with is out of their reach; reboot(2) in a process namespace only ends that namespace.
const FIRST_PROCESS: &str = "
set -e
mount -t proc proc /proc
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -p /dev/shm
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
for file in /proc/sysrq-trigger /proc/sys/kernel/sysrq /dev/watchdog /dev/watchdog0; do
    if [ -e $file ]; then mount --bind /dev/null $file; fi
done
ip link set lo up
echo ready
exec cat > /dev/null
";

/// A set of private namespaces: network, mounts (own `/run`, `/dev/shm`, `/proc`), processes, IPC
/// and host name. It lives until dropped or until the process that made it dies.
#[derive(Debug)]
pub struct NodeSpace {
    holder: Process,
    // Closing this is what ends the namespaces.
    lifeline: Option<ChildStdin>,
    network: File,
    mounts: File,
    ipc: File,
    hostname: File,
    processes: File,
    own_processes: File,
}

impl NodeSpace {
    /// Makes the namespaces.
    ///
    /// # Errors
    ///
    /// What the system's `unshare` program or its child complained about.
    pub fn new() -> Result<Self, String> {
        let mut child = Command::new("unshare")
            .args([
                "--net",
                "--mount",
                "--ipc",
                "--uts",
                "--pid",
                "--fork",
                "--kill-child",
            ])
            .args(["--propagation", "private", "--", "sh", "-c", FIRST_PROCESS])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|why| format!("unshare: {why}"))?;
        let lifeline = child.stdin.take();
        let stdout = child.stdout.take().ok_or("no pipe")?;
        let mut holder = Process::new(child);
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .map_err(|why| why.to_string())?;
        if line != "ready\n" {
            let mut complaint = String::new();
            if let Some(mut stderr) = holder.stderr.take() {
                let _ = stderr.read_to_string(&mut complaint);
            }
            return Err(format!("private namespaces: {}", complaint.trim()));
        }
        let open = |name: &str| {
            let path = format!("/proc/{}/ns/{name}", holder.pid());
            File::open(&path).map_err(|why| format!("{path}: {why}"))
        };
        Ok(Self {
            network: open("net")?,
            mounts: open("mnt")?,
            ipc: open("ipc")?,
            hostname: open("uts")?,
            processes: open("pid_for_children")?,
            own_processes: File::open("/proc/self/ns/pid").map_err(|why| why.to_string())?,
            holder,
            lifeline,
        })
    }

    /// A process id (as the test process sees it) inside the network namespace, for `ip`.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.holder.pid()
    }

    /// A command inside the network namespace only.
    #[must_use]
    pub fn network_command(self: &Arc<Self>, program: &str) -> Command {
        let mut command = Command::new(program);
        let space = Arc::clone(self);
        // SAFETY: the closure makes one system call on an open descriptor and nothing else, which
        // is allowed between fork and exec.
        unsafe {
            command.pre_exec(move || Ok(setns(&space.network, CloneFlags::CLONE_NEWNET)?));
        }
        command
    }

    /// Runs a shell script inside the network namespace.
    ///
    /// # Panics
    ///
    /// When the script fails.
    pub fn configure_network(self: &Arc<Self>, script: &str) {
        let output = self
            .network_command("sh")
            .args(["-ec", script])
            .output()
            .unwrap_or_else(|why| panic!("sh: {why}"));
        assert!(
            output.status.success(),
            "network script failed: {}\n{script}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// A command inside all of the namespaces. Paths in it must be absolute.
    #[must_use]
    pub fn command(self: &Arc<Self>, program: impl AsRef<std::ffi::OsStr>) -> NodeCommand {
        let mut command = Command::new(program);
        let space = Arc::clone(self);
        // SAFETY: the closure only makes system calls on open descriptors, which is allowed
        // between fork and exec.
        unsafe {
            command.pre_exec(move || {
                setns(&space.ipc, CloneFlags::CLONE_NEWIPC)?;
                setns(&space.hostname, CloneFlags::CLONE_NEWUTS)?;
                setns(&space.network, CloneFlags::CLONE_NEWNET)?;
                setns(&space.mounts, CloneFlags::CLONE_NEWNS)?;
                Ok(())
            });
        }
        NodeCommand {
            command,
            space: Arc::clone(self),
        }
    }
}

impl Drop for NodeSpace {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // The namespaces' first process can't go away before every other process in there was
        // waited for, and one of them may belong to somebody who is dropped later: in that case
        // the kernel finishes the job when that happens.
        let _ = self.holder.wait_for(Duration::from_secs(2));
    }
}

/// A [`Command`] whose process is started inside a [`NodeSpace`].
#[derive(Debug)]
pub struct NodeCommand {
    command: Command,
    space: Arc<NodeSpace>,
}

impl NodeCommand {
    /// Adds arguments; like [`Command::args`], but keeps the type for chaining.
    #[must_use]
    pub fn with_args<S: AsRef<std::ffi::OsStr>>(
        mut self,
        args: impl IntoIterator<Item = S>,
    ) -> Self {
        self.command.args(args);
        self
    }

    /// Starts the program.
    ///
    /// # Errors
    ///
    /// When it can't be started.
    pub fn spawn(&mut self) -> io::Result<Process> {
        // A process can't enter another process namespace itself, only have children born there.
        let entered = setns(&self.space.processes, CloneFlags::CLONE_NEWPID);
        let child = entered
            .map_err(io::Error::from)
            .and_then(|()| self.command.spawn());
        setns(&self.space.own_processes, CloneFlags::CLONE_NEWPID)
            .expect("the way back to the own process namespace is always open");
        child.map(Process::new)
    }

    /// Runs the program to its end, standard output and error piped.
    ///
    /// # Errors
    ///
    /// When it can't be started.
    ///
    /// # Panics
    ///
    /// When it does not end.
    pub fn output(&mut self) -> io::Result<Output> {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ok(self.spawn()?.output())
    }

    /// Runs the program to its end.
    ///
    /// # Errors
    ///
    /// When it can't be started.
    pub fn status(&mut self) -> io::Result<ExitStatus> {
        self.spawn()?.wait()
    }
}

impl Deref for NodeCommand {
    type Target = Command;

    fn deref(&self) -> &Command {
        &self.command
    }
}

impl DerefMut for NodeCommand {
    fn deref_mut(&mut self) -> &mut Command {
        &mut self.command
    }
}
