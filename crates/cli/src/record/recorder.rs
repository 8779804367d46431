//! From one life of the daemon to the next.

use std::os::fd::AsFd as _;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::signalfd::SignalFd;
use quorate_client::{Error, IpcError, Options, wait};
use quorate_sim::{View, What};

use super::links::Links;
use super::log::Log;

/// Between two attempts to reach a daemon that is not there.
const RETRY: Duration = Duration::from_millis(100);

/// Why a daemon's life is not recorded any more.
enum End {
    /// The recorder shall end.
    Signal,
    /// The daemon is gone.
    Gone(Error),
    /// The recorder cannot go on.
    Failed(String),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        End::Gone(error)
    }
}

impl From<String> for End {
    fn from(message: String) -> Self {
        End::Failed(message)
    }
}

pub(super) struct Recorder {
    options: Options,
    log: Log,
    interval: Duration,
    signals: SignalFd,
    /// What was written last, in this life of the daemon.
    view: Option<View>,
    /// Whether the daemon leaves questions unanswered.
    silent: bool,
}

impl Recorder {
    pub(super) fn new(options: Options, log: Log, interval: Duration, signals: SignalFd) -> Self {
        Self {
            options,
            log,
            interval,
            signals,
            view: None,
            silent: false,
        }
    }

    /// Until a signal, or until the file cannot be written.
    pub(super) fn run(mut self) -> Result<(), String> {
        let mut is_gone = false;
        loop {
            let reason = match self.life(&mut is_gone) {
                End::Signal => return Ok(()),
                End::Failed(message) => return Err(message),
                End::Gone(error) if is_refusal(&error) => {
                    return Err(format!("corosync does not admit this user: {error}"));
                }
                End::Gone(error) => error.to_string(),
            };
            if !std::mem::replace(&mut is_gone, true) {
                eprintln!("quorate: no corosync answers: {reason}; waiting for one");
                self.log.write(What::Disconnected { reason })?;
            }
            let waited = wait::readable([self.signals.as_fd()], Some(RETRY));
            waited.map_err(|error| error.to_string())?;
            if self.is_told_to_end()? {
                return Ok(());
            }
        }
    }

    /// Records as long as the daemon lives.
    fn life(&mut self, is_gone: &mut bool) -> End {
        let (mut links, node) = match Links::connect(&self.options) {
            Ok(connected) => connected,
            Err(error) => return error.into(),
        };
        self.log.node = Some(node);
        *is_gone = false;
        (self.view, self.silent) = (None, false);
        let Err(end) = self.record(&mut links);
        end
    }

    fn record(&mut self, links: &mut Links) -> Result<std::convert::Infallible, End> {
        self.log.write(What::Connected)?;
        let configured = links.begin()?;
        self.log.write(configured)?;
        loop {
            if self.is_told_to_end()? {
                return Err(End::Signal);
            }
            self.take_in(links)?;
            links.wait(self.signals.as_fd(), self.interval)?;
        }
    }

    /// Writes what was told, and then what is so; again if more was told meanwhile, so that a view
    /// stands behind all that led to it.
    fn take_in(&mut self, links: &mut Links) -> Result<(), End> {
        loop {
            while let Some(what) = links.next()? {
                self.log.write(what)?;
            }
            let view = match links.view() {
                Err(Error::Ipc(IpcError::TimedOut)) => {
                    if !std::mem::replace(&mut self.silent, true) {
                        self.log.write(What::Paused)?;
                    }
                    return Ok(());
                }
                view => view?,
            };
            if std::mem::take(&mut self.silent) {
                self.log.write(What::Resumed)?;
            }
            if let Some(what) = links.next()? {
                self.log.write(what)?;
                continue;
            }
            if self.view.as_ref() != Some(&view) {
                self.log.write(What::View(view.clone()))?;
                self.view = Some(view);
            }
            return Ok(());
        }
    }

    fn is_told_to_end(&self) -> Result<bool, String> {
        while let Some(news) = self
            .signals
            .read_signal()
            .map_err(|error| error.to_string())?
        {
            if Signal::try_from(news.ssi_signo as i32) != Ok(Signal::SIGCHLD) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Nothing that waiting would change.
fn is_refusal(error: &Error) -> bool {
    use std::io::ErrorKind::PermissionDenied;
    match error {
        Error::Ipc(IpcError::System { source, .. } | IpcError::Refused(source)) => {
            source.kind() == PermissionDenied
        }
        Error::Ipc(IpcError::Untrusted(_)) => true,
        _ => false,
    }
}
