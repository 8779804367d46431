//! The rules of Novell's cluster SDK as a pure state machine.

mod code;
mod locks;
mod machine;
mod snapshot;
mod state;
mod types;
mod wire;

pub use code::Code;
pub use machine::{Config, Effect, Input, Machine, Position, Request};
pub use types::{
    Address, MAX_CLAIMS, MAX_KEY, MAX_NODES, Reason, Record, UnknownReason, View, node_bit,
};
