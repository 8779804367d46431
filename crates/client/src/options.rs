//! How to connect.

use quorate_ipc::Endpoint;
use std::ffi::{OsStr, OsString};
use std::time::Duration;

/// Names the directory of a simulated node's sockets.
const RUN_DIR: &str = "QUORATE_RUN_DIR";

/// Limits how long the daemon may take to answer, in milliseconds.
const TIMEOUT: &str = "QUORATE_TIMEOUT_MS";

/// Where to connect and how long to wait.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the daemon is.
    pub endpoint: Endpoint,
    /// How long it may take to answer; `None` waits as long as it lives.
    pub timeout: Option<Duration>,
}

/// The environment holds something that can't be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{TIMEOUT} is no number of milliseconds: {0:?}")]
pub struct OptionsError(String);

impl Options {
    /// What the environment asks for: `QUORATE_RUN_DIR` (where) and
    /// `QUORATE_TIMEOUT_MS` (how long; unset, empty or 0 is without limit).
    ///
    /// # Errors
    ///
    /// If `QUORATE_TIMEOUT_MS` is set to anything but a number. To ignore it
    /// would leave a program without the limit that its user believes in.
    pub fn from_environment() -> Result<Self, OptionsError> {
        Self::asked_for(
            std::env::var_os(RUN_DIR),
            std::env::var_os(TIMEOUT).as_deref(),
        )
    }

    /// The same for values of `QUORATE_RUN_DIR` and `QUORATE_TIMEOUT_MS` that
    /// the caller has read.
    ///
    /// # Errors
    ///
    /// As for [`Self::from_environment`].
    pub fn asked_for(
        run_dir: Option<OsString>,
        timeout: Option<&OsStr>,
    ) -> Result<Self, OptionsError> {
        let timeout = match timeout {
            None => None,
            Some(text) => parse_timeout(&text.to_string_lossy())?,
        };
        Ok(Self {
            endpoint: Endpoint::asked_for(run_dir),
            timeout,
        })
    }
}

fn parse_timeout(text: &str) -> Result<Option<Duration>, OptionsError> {
    match text.trim() {
        "" | "0" => Ok(None),
        number => match number.parse() {
            Ok(ms) => Ok(Some(Duration::from_millis(ms))),
            Err(_) => Err(OptionsError(text.to_owned())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts() {
        assert_eq!(parse_timeout("250"), Ok(Some(Duration::from_millis(250))));
        assert_eq!(parse_timeout(" 0 "), Ok(None));
        assert_eq!(parse_timeout(""), Ok(None));
        for bad in ["-1", "1s", "1.5", "99999999999999999999"] {
            assert_eq!(parse_timeout(bad), Err(OptionsError(bad.into())));
        }
    }
}
