//! `quorate watch`.

mod node;
mod page;
mod served;
mod terminal;

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget as _;

use crate::control::Which;
use node::Watcher;
use page::Page;
use served::Viewer;

/// Show a served cluster, or the local node's corosync, as it changes.
///
/// Shows the cluster that 'quorate serve' serves under the name, with all of its nodes. Where none
/// is served, and with --corosync, shows what the real corosync of this node tells, or the
/// simulated node whose directory QUORATE_RUN_DIR names; and waits for it when it goes. Where the
/// output is no terminal, prints one page.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Shows what corosync tells its clients on this node
    #[arg(long, conflicts_with = "name")]
    corosync: bool,
    /// Prints one page and ends
    #[arg(long)]
    once: bool,
}

const HELP: &str = "\
Keys:
  q, Esc, Ctrl-C        end
  arrows, Page Up/Down  go through nodes that have no room

Exit status: 0; 1 if there is nothing to show with --once.";

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(200);

/// How wide a page is on paper.
const WIDTH: u16 = 100;

/// What was seen.
#[derive(Clone, Debug, Default)]
struct Look {
    /// The latest page there is.
    page: Page,
    /// Why it is not from now.
    wrong: Option<String>,
}

enum Source {
    Served(Box<Viewer>),
    Corosync(Box<Watcher>),
}

impl Source {
    fn new(which: &Which, corosync: bool) -> Result<Self, String> {
        if !corosync {
            match which.connect() {
                Ok(client) => {
                    let viewer = Viewer::new(which.clone(), client);
                    return Ok(Source::Served(Box::new(viewer)));
                }
                Err(error) if which.is_named() => return Err(error.to_string()),
                Err(_) => {}
            }
        }
        Ok(Source::Corosync(Box::new(Watcher::new()?)))
    }

    fn look(&mut self) -> Look {
        match self {
            Source::Corosync(watcher) => watcher.look(),
            Source::Served(viewer) => viewer.look(),
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let mut source = Source::new(&arguments.which, arguments.corosync)?;
    if arguments.once || !std::io::stdout().is_terminal() {
        let Look { page, wrong } = source.look();
        if let Some(why) = wrong {
            return Err(why);
        }
        let area = Rect::new(0, 0, WIDTH, page.height());
        let mut buffer = Buffer::empty(area);
        page.render(area, &mut buffer);
        crate::say(&text(&buffer)).map_err(|error| format!("standard output: {error}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let signals = terminal::signals()?;
    terminal::end_with_it();
    // One page at most waits to be shown.
    let (sender, pages) = sync_channel(1);
    thread::spawn(move || look_again_and_again(source, &sender));
    terminal::show(&pages, &signals)?;
    Ok(ExitCode::SUCCESS)
}

fn look_again_and_again(mut source: Source, pages: &SyncSender<Page>) {
    loop {
        if pages.send(source.look().page).is_err() {
            return;
        }
        thread::sleep(INTERVAL);
    }
}

/// The newest of the pages that wait.
fn newest(pages: &Receiver<Page>) -> Option<Page> {
    pages.try_iter().last()
}

/// Lines without blanks at their ends.
fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut text = String::new();
    for y in area.top()..area.bottom() {
        let cells = (area.left()..area.right()).map(|x| buffer[(x, y)].symbol());
        let line: String = cells.collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
