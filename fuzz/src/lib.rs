//! The fuzz targets as plain functions of bytes. None of them may panic, whatever the bytes are.

mod cluster;
#[path = "../../crates/proto/tests/decoders/mod.rs"]
mod decoders;
mod group;
mod input;
#[path = "../../crates/ipc/tests/rig/hostile.rs"]
mod raw;
mod text;
mod wire;

pub use cluster::engine;
pub use group::ncs;
pub use text::{configuration, scenario};
pub use wire::{messages, ring, session};
