//! The C ABI of libquorate: simulated clusters for tests written in C.
//!
//! A cluster is a process, and every call a connection of its own to it
//! ([`quorate_control::Client`]): nothing here has to be locked, and a forked child can go on with
//! what its parent has started. Rust programs use `quorate-control` or `quorate-sim` instead.

#![allow(non_camel_case_types, reason = "the names are those of the C API")]

pub mod calls;
mod clusters;
mod command;
mod failure;
pub mod start;
pub mod state;
pub mod time;
pub mod types;
