//! libncssdk; the source of `ncssdk.h`.
//!
//! \[DOC\] and \[OURS\] separate, for every declaration, what Novell's guide states from what was
//! decided here.

mod calls;
mod codes;
mod dispatch;
mod scalars;
mod session;
mod types;

pub use calls::*;
pub use codes::*;
pub use dispatch::*;
pub use scalars::*;
pub use types::*;
