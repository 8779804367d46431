//! Models of what threads and processes share. loom runs each of them in every order that the
//! memory model allows, and finds reads of what was not yet written, lost wake-ups and deadlocks.
//!
//! The code is the libraries' own, read from their directories; what it stands on is replaced by
//! loom's, and the kernel's futex by a model of it. To be built with `--cfg loom`.

#![cfg(loom)]
#![allow(dead_code, reason = "the models use part of what is read")]

#[path = "../../../crates/ipc/src/atomic.rs"]
mod atomic;
#[path = "../../../crates/ipc/src/sys/copy.rs"]
mod copy;
mod futex;
#[path = "../../../src/handles.rs"]
mod handles;
#[path = "../../../crates/ipc/src/sys/lock.rs"]
mod lock;
#[path = "../../../crates/ipc/src/memory.rs"]
mod memory;
#[path = "../../../src/per_process.rs"]
mod per_process;
#[path = "../../../crates/ipc/src/ring.rs"]
mod ring;
#[path = "../../../crates/ipc/src/sys/room.rs"]
mod room;
#[path = "../../../crates/ipc/src/semaphore.rs"]
mod semaphore;
#[path = "../../../src/shared.rs"]
mod shared;
mod surroundings;
#[path = "../../../src/sync.rs"]
mod sync;

use surroundings::{client, error, sys};
extern crate self as quorate_client;
pub use surroundings::process;

#[cfg(test)]
mod library;
#[cfg(test)]
mod transport;
