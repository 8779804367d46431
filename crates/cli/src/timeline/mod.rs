//! `quorate timeline`.

mod build;
mod groups;
mod happenings;
mod model;
mod scale;
mod svg;
mod terminal;
#[cfg(test)]
mod tests;

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use model::Timeline;
use terminal::Style;

/// Draw what happened to a cluster.
///
/// Reads what `quorate run --log` or `quorate record --log` wrote: one lane for each node, with the
/// rings it was in, whether it was quorate, what programs asked and were told, and quorum devices.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// The log, lines of JSON
    #[arg(value_name = "LOG")]
    log: PathBuf,
    /// Writes a picture to this file instead of text to the terminal
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Columns of the text [default: those of the terminal, or 80]
    #[arg(long, value_name = "N", conflicts_with = "svg",
          value_parser = clap::value_parser!(u16).range(40..=1000))]
    width: Option<u16>,
    /// Only characters that every terminal has [default: as the locale says]
    #[arg(long, conflicts_with = "svg")]
    ascii: bool,
    /// Colours in the text; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = Colour::Auto, conflicts_with = "svg")]
    color: Colour,
}

const HELP: &str = "\
A ring is a group of nodes that see each other. Nodes with the same letter, and colour, at the same
moment are in the same ring; later another ring can have the letter. In text a capital letter is a
quorate node, a small one a node that is not. Behind the last event it is shown how it ended.

Examples:
  quorate run --scenario split-brain.toml --pace idle --log run.jsonl -- ./my_program
  quorate timeline run.jsonl
  quorate timeline run.jsonl --svg run.svg";

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let timeline = read(&arguments.log)?;
    match &arguments.svg {
        Some(file) => {
            let written = std::fs::write(file, svg::draw(&timeline));
            written.map_err(|error| format!("{}: {error}", file.display()))?;
        }
        None => {
            let text = terminal::draw(&timeline, arguments.style());
            // A reader that has seen enough, `head` for example, is no error.
            let _ = std::io::stdout().write_all(text.as_bytes());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<Timeline, String> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let lines = quorate_sim::read_log(&name, &text).map_err(|error| error.to_string())?;
    let title = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(build::timeline(&title, &lines))
}

impl Arguments {
    fn style(&self) -> Style {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let terminal = std::io::stdout().is_terminal();
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let locale = locale.unwrap_or_default().to_lowercase();
        let dumb = set("TERM").is_none_or(|term| term == "dumb");
        let columns = terminal_size::terminal_size().map(|(width, _)| width.0);
        Style {
            width: self.width.or(columns).unwrap_or(80).clamp(40, 1000).into(),
            ascii: self.ascii || !(locale.contains("utf-8") || locale.contains("utf8")),
            colour: match self.color {
                Colour::Auto => terminal && !dumb && set("NO_COLOR").is_none(),
                Colour::Always => true,
                Colour::Never => false,
            },
        }
    }
}
