//! The C ABI of libvotequorum, libcorosync_common and libncssdk.
//!
//! Everything below this crate is safe Rust in crates of their own; here stand
//! the `extern "C"` functions, the C types, the table of handles and the
//! boundary that neither a panic nor a cancelled thread gets across. Rust
//! programs use `quorate-client` and `quorate-ncs-session` instead.

#![allow(
    non_camel_case_types,
    non_snake_case,
    reason = "the names are those of the C API"
)]

pub mod arguments;
mod boundary;
pub mod corotypes;
mod environment;
mod error;
mod handles;
pub mod ncssdk;
mod per_process;
mod shared;
mod sync;
pub mod votequorum;
