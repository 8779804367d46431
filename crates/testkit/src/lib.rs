//! Private corosync clusters in network namespaces, for the tests of quorate.
//!
//! A [`Cluster`] is made of real daemons from the distribution's packages. Each node has its own
//! network, mount, process, IPC and host-name namespace, so nothing a test does can be seen from
//! the machine it runs on, and nothing outlives the test: a node's processes all die with the
//! first process of its process namespace, and that one ends when the test process does.
//!
//! Functions here panic instead of returning errors: their callers are tests, and a panic with a
//! good message is what a failed test should show.

mod config;

pub mod cluster;
pub mod compare;
pub mod compile;
pub mod daemon;
pub mod library;
pub mod namespace;
pub mod network;
pub mod node;
pub mod probe;
pub mod process;
pub mod random;
pub mod requirements;
pub mod scratch;
pub mod suite;
pub mod wait;

pub use cluster::{Builder, Cluster, Transport};
pub use compile::CProgram;
pub use library::{Library, Load};
pub use namespace::{NodeCommand, NodeSpace};
pub use nix::sys::signal::Signal;
pub use node::Node;
pub use probe::State;
pub use process::Process;
pub use random::Random;
pub use requirements::Requirements;
pub use scratch::Scratch;
pub use suite::{Outcome, Suite};
pub use wait::{eventually, monotonic_nanoseconds, wait_until};

/// The top directory of the source tree.
#[must_use]
pub fn source_root() -> std::path::PathBuf {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .expect("the testkit lives in crates/testkit")
        .to_path_buf()
}
