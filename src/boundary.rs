//! Between C and Rust.

use crate::corotypes::cs_error;
use crate::error::Failure;
pub(crate) use quorate_boundary::{Panicked, contained};

/// [`contained`] for corosync's libraries: a panic becomes `CS_ERR_LIBRARY`.
pub(crate) fn guarded<T>(code: impl FnOnce() -> Result<T, Failure>) -> Result<T, cs_error> {
    match contained(code) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(failure)) => Err(failure.into()),
        Err(Panicked) => Err(cs_error::CS_ERR_LIBRARY),
    }
}

/// [`guarded`] for functions that return nothing but their error code.
pub(crate) fn status(code: impl FnOnce() -> Result<(), Failure>) -> cs_error {
    match guarded(code) {
        Ok(()) => cs_error::CS_OK,
        Err(error) => error,
    }
}
