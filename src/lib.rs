//! The C ABI of libvotequorum, libcorosync_common and libncssdk.
//!
//! Here stand the `extern "C"` functions, the C types and the table of handles.
//! Below this crate unsafe code is only in `quorate-boundary`, which neither a
//! panic nor a cancelled thread gets across, and at `quorate-ipc`'s system calls.
//! Rust programs use `quorate-client` and `quorate-ncs-session` instead.

#![allow(
    non_camel_case_types,
    non_snake_case,
    reason = "the names are those of the C API"
)]

#[cfg(feature = "c-library")]
#[global_allocator]
static ALLOCATOR: quorate_boundary::memory::Allocator = quorate_boundary::memory::Allocator;

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
