//! Why a function failed, as number and as text.

use std::cell::UnsafeCell;
use std::fmt::{self, Write};

use libc::c_char;
use quorate_boundary::{Panicked, contained};
use quorate_control::{ClientError, ErrorKind};

use crate::types::quorate_error;

/// A number and a text.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) number: quorate_error,
    text: String,
}

impl Failure {
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        let number = quorate_error::QUORATE_ERR_INVALID;
        let text = text.into();
        Self { number, text }
    }

    pub(crate) fn handle() -> Self {
        let number = quorate_error::QUORATE_ERR_HANDLE;
        let text = "not a cluster, or one that was stopped".to_owned();
        Self { number, text }
    }

    pub(crate) fn system(text: impl Into<String>) -> Self {
        let number = quorate_error::QUORATE_ERR_SYSTEM;
        let text = text.into();
        Self { number, text }
    }

    pub(crate) fn state(text: impl Into<String>) -> Self {
        let number = quorate_error::QUORATE_ERR_STATE;
        let text = text.into();
        Self { number, text }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let number = match &error {
            ClientError::Refused(refusal) => match refusal.kind {
                ErrorKind::Invalid => quorate_error::QUORATE_ERR_INVALID,
                ErrorKind::State => quorate_error::QUORATE_ERR_STATE,
                ErrorKind::Timeout => quorate_error::QUORATE_ERR_TIMEOUT,
                ErrorKind::System => quorate_error::QUORATE_ERR_SYSTEM,
            },
            ClientError::NoAnswer(_) => quorate_error::QUORATE_ERR_TIMEOUT,
            _ => quorate_error::QUORATE_ERR_SYSTEM,
        };
        let text = error.to_string();
        Self { number, text }
    }
}

const ROOM: usize = 1024;

/// A terminated text. What does not fit is cut off.
struct Text {
    bytes: [u8; ROOM],
    len: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.bytes[self.len..ROOM - 1];
        let copied = text.len().min(room.len());
        room[..copied].copy_from_slice(&text.as_bytes()[..copied]);
        self.len += copied;
        self.bytes[self.len] = 0;
        Ok(())
    }
}

thread_local! {
    /// Without a destructor: the text can be read as long as the thread lives.
    static LAST: UnsafeCell<Text> = const { UnsafeCell::new(Text { bytes: [0; ROOM], len: 0 }) };
}

/// Notes why the calling thread's function failed.
fn note(function: &str, text: &str) {
    LAST.with(|last| {
        // SAFETY: only this thread has the pointer, and nothing else uses it meanwhile.
        let last = unsafe { &mut *last.get() };
        last.len = 0;
        // Writing there does not fail.
        let _ = write!(last, "{function}: {text}");
    });
}

pub(crate) fn last() -> *const c_char {
    // SAFETY: the pointer to the thread's text is valid while the thread lives.
    LAST.with(|last| unsafe { (*last.get()).bytes.as_ptr().cast() })
}

/// Runs the Rust side of a C function, and notes why it failed.
pub(crate) fn attempt<T>(
    function: &str,
    code: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, quorate_error> {
    let noted = contained(|| {
        code().map_err(|failure| {
            note(function, &failure.text);
            failure.number
        })
    });
    match noted {
        Ok(result) => result,
        Err(Panicked) => {
            note(function, "something went wrong inside of libquorate");
            Err(quorate_error::QUORATE_ERR_SYSTEM)
        }
    }
}

/// [`attempt`] for functions that return nothing but their error.
pub(crate) fn status(function: &str, code: impl FnOnce() -> Result<(), Failure>) -> quorate_error {
    match attempt(function, code) {
        Ok(()) => quorate_error::QUORATE_OK,
        Err(number) => number,
    }
}
