//! Pages on a terminal, and its keys.

use std::io::{IsTerminal as _, stdin, stdout};
use std::os::fd::AsFd as _;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::Rect;

use super::newest;
use super::page::{Mood, Page};

/// How long a key, a page or a signal may wait.
const TICK: Duration = Duration::from_millis(50);

const KEYS: &str = " q quits   arrows, Page Up, Page Down: more nodes";

/// Signals that would leave the terminal as it is now. To be called before any thread is started.
pub(super) fn signals() -> Result<SignalFd, String> {
    let wanted: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]
        .into_iter()
        .collect();
    let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
    let made = wanted
        .thread_block()
        .and_then(|()| SignalFd::with_flags(&wanted, flags));
    made.map_err(|error| format!("signals: {error}"))
}

/// Ends the process when its terminal is gone: nothing has to be put in order then, and crossterm
/// would read the terminal's end over and over, deaf to signals.
pub(super) fn end_with_it() {
    thread::spawn(|| {
        let (input, output) = (stdin(), stdout());
        let terminal = match input.is_terminal() {
            true => input.as_fd(),
            false => output.as_fd(),
        };
        // A hangup is told without being asked for.
        let mut hangup = [PollFd::new(terminal, PollFlags::empty())];
        while poll(&mut hangup, PollTimeout::NONE) == Err(Errno::EINTR) {}
        std::process::exit(0)
    });
}

/// Shows pages until somebody has seen enough.
pub(super) fn show(pages: &Receiver<Page>, signals: &SignalFd) -> Result<(), String> {
    let mut terminal = ratatui::try_init().map_err(|error| format!("terminal: {error}"))?;
    let result = run(&mut terminal, pages, signals);
    ratatui::restore();
    result
}

fn run(
    terminal: &mut DefaultTerminal,
    pages: &Receiver<Page>,
    signals: &SignalFd,
) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("terminal: {error}");
    let mut page = Page {
        title: " quorate".to_owned(),
        facts: vec![(Mood::Plain, "looking".to_owned())],
        keys: KEYS,
        ..Page::default()
    };
    loop {
        terminal
            .draw(|frame| frame.render_widget(&page, frame.area()))
            .map_err(failed)?;
        loop {
            if signals.read_signal().is_ok_and(|signal| signal.is_some()) {
                return Ok(());
            }
            if let Some(fresh) = newest(pages) {
                let scroll = page.scroll;
                page = fresh;
                (page.scroll, page.keys) = (scroll, KEYS);
                break;
            }
            if !event::poll(TICK).map_err(failed)? {
                continue;
            }
            match event::read().map_err(failed)? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    if is_end(key) {
                        return Ok(());
                    }
                    let size = terminal.size().map_err(failed)?;
                    scroll(
                        &mut page,
                        key.code,
                        Rect::new(0, 0, size.width, size.height),
                    );
                    break;
                }
                Event::Resize(..) => break,
                _ => {}
            }
        }
    }
}

fn is_end(key: KeyEvent) -> bool {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('q') | KeyCode::Esc => true,
        KeyCode::Char('c') => control,
        _ => false,
    }
}

fn scroll(page: &mut Page, key: KeyCode, area: Rect) {
    let last = page.last_scroll(area);
    let now = page.scroll.min(last);
    page.scroll = match key {
        KeyCode::Up => now.saturating_sub(1),
        KeyCode::Down => (now + 1).min(last),
        KeyCode::PageUp => now.saturating_sub(10),
        KeyCode::PageDown => (now + 10).min(last),
        KeyCode::Home => 0,
        KeyCode::End => last,
        _ => now,
    };
}
