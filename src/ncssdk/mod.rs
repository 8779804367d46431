//! libncssdk; the source of `ncssdk.h`.
//!
//! \[DOC\] and \[OURS\] separate, for every declaration, what Novell's guide states from what was
//! decided here.

#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "[DOC] and [OURS] are words of the header, which shows no backslashes"
)]

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
