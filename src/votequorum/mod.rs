//! libvotequorum; the source of `corosync/votequorum.h`.

mod calls;
mod dispatch;
mod qdevice;
mod session;
mod types;

pub use calls::*;
pub use dispatch::*;
pub use qdevice::*;
pub use types::*;
