//! The file of a recording.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use quorate_engine::NodeId;
use quorate_sim::{Record, What};

/// Lines with times that count from its making.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    name: String,
    began: Instant,
    /// Known from the first connection on.
    pub(super) node: Option<NodeId>,
}

impl Log {
    /// What is there already is never overwritten: it may be an incident.
    pub(super) fn create(path: &Path) -> Result<Self, String> {
        let name = path.display().to_string();
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        let file = file.map_err(|error| format!("{name}: {error}"))?;
        let (node, began) = (None, Instant::now());
        let mut log = Self {
            file,
            name,
            began,
            node,
        };
        let now = humantime::format_rfc3339_micros(SystemTime::now());
        log.write(What::Recording {
            version: 1,
            began: now.to_string(),
        })?;
        Ok(log)
    }

    /// Writes a line, whole and at once.
    pub(super) fn write(&mut self, what: What) -> Result<(), String> {
        let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let at = Duration::from_micros(micros);
        let node = self.node;
        let mut line = Record { at, node, what }.to_json();
        line.push('\n');
        let written = self.file.write_all(line.as_bytes());
        written.map_err(|error| format!("{}: {error}", self.name))
    }
}
