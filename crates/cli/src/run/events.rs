//! What is told of the events.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use quorate_sim::Record;

/// Where events go.
#[derive(Debug)]
pub(crate) struct Events {
    quiet: bool,
    file: Option<BufWriter<File>>,
    kept: Vec<String>,
    keep: bool,
}

impl Events {
    pub(crate) fn new(quiet: bool, log: Option<&Path>, keep: bool) -> Result<Self, String> {
        let create =
            |path: &Path| File::create(path).map_err(|e| format!("{}: {e}", path.display()));
        Ok(Self {
            quiet,
            file: log.map(create).transpose()?.map(BufWriter::new),
            kept: Vec::new(),
            keep,
        })
    }

    pub(crate) fn write(&mut self, records: &[Record]) -> Result<(), String> {
        for record in records {
            if !self.quiet && !record.what.is_chatter() {
                // If nobody reads it, the programs shall go on all the same.
                let _ = writeln!(std::io::stderr(), "{record}");
            }
            if let Some(file) = &mut self.file {
                writeln!(file, "{}", record.to_json())
                    .map_err(|error| format!("--log: {error}"))?;
            }
            if self.keep {
                self.kept.push(record.to_json());
            }
        }
        if let Some(file) = self.file.as_mut().filter(|_| !records.is_empty()) {
            file.flush().map_err(|error| format!("--log: {error}"))?;
        }
        Ok(())
    }

    /// All events as JSON, if they were to be kept.
    pub(super) fn into_kept(self) -> Vec<String> {
        self.kept
    }
}
