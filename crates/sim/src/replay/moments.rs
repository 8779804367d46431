//! A recording, taken apart into what happened to the recorded node.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_engine::NodeId;

use super::config;
use crate::config::{ClusterConfig, Value, key_value};
use crate::log::{Line, LogError, View, What};
use crate::wording::told::{self, Told};

/// Something that happened to the node, and the line where that begins.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Moment {
    pub(super) line: usize,
    pub(super) at: Duration,
    pub(super) what: Happening,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Happening {
    /// Its corosync is there, and this is what it tells first.
    Up(Seen),
    /// It sees something new.
    Seen(Seen),
    /// Its corosync is gone.
    Down,
    /// Its corosync does not answer.
    Paused,
    /// It answers again.
    Resumed,
    /// A key was set, or removed.
    Key(String, Option<Value>),
    /// The configuration was read again.
    Reload(Box<ClusterConfig>),
}

/// What it sees. Members and number of the ring are as it was told last.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Seen {
    /// What it was told, with lines.
    pub(super) told: Vec<(usize, String)>,
    pub(super) members: Vec<u32>,
    /// The ring's number, if a ring was told.
    pub(super) number: Option<u64>,
    /// All that votequorum says, if it was asked in time.
    pub(super) view: Option<(usize, View)>,
}

impl Seen {
    /// Nodes that are told to be leaving.
    pub(super) fn leaving(&self) -> Vec<u32> {
        let told = self.told.iter().filter_map(|(_, text)| told::parse(text));
        let leaving = told.flat_map(|told| match told {
            Told::Quorum { nodes, .. } => nodes,
            _ => Vec::new(),
        });
        leaving
            .filter(|(_, state)| *state == 3)
            .map(|(node, _)| node)
            .collect()
    }
}

pub(super) fn moments(file: &str, lines: &[Line], node: NodeId) -> Result<Vec<Moment>, LogError> {
    let mut parser = Parser {
        file,
        node,
        ..Parser::default()
    };
    for line in lines {
        parser.line(line)?;
    }
    parser.flush(None);
    Ok(parser.moments)
}

#[derive(Debug, Default)]
struct Parser<'a> {
    file: &'a str,
    node: NodeId,
    moments: Vec<Moment>,
    /// Where, and when, what is collected here began.
    began: Option<(usize, Duration)>,
    told: Vec<(usize, String)>,
    members: Vec<u32>,
    number: Option<u64>,
    /// A ring was told, and not yet whether it is quorate.
    open: bool,
    /// The connection is new.
    fresh: bool,
    keys: BTreeMap<String, String>,
    reloading: bool,
}

impl Parser<'_> {
    fn line(&mut self, line: &Line) -> Result<(), LogError> {
        let (number, at) = (line.number, line.record.at);
        let push = |what| Moment {
            line: number,
            at,
            what,
        };
        match &line.record.what {
            What::Connected => {
                if line.record.node != Some(self.node) {
                    let reason = "this is another node than the one recorded first";
                    return Err(LogError::new(self.file, number, reason));
                }
                self.fresh = true;
            }
            What::Disconnected { .. } => {
                self.flush(None);
                self.open = false;
                if !self.moments.is_empty() {
                    self.moments.push(push(Happening::Down));
                }
            }
            What::Paused => self.moments.push(push(Happening::Paused)),
            What::Resumed => self.moments.push(push(Happening::Resumed)),
            What::Configured { keys } => self.configured(number, at, keys)?,
            What::Key { key, value } => self.key(number, at, key, value.as_deref())?,
            What::Notified { notification, .. } => self.told(number, at, notification)?,
            What::View(view) if !self.open => {
                self.began.get_or_insert((number, at));
                self.members.clone_from(&view.members);
                self.flush(Some((number, view.clone())));
            }
            _ => {}
        }
        Ok(())
    }

    fn told(&mut self, number: usize, at: Duration, text: &str) -> Result<(), LogError> {
        match told::parse(text) {
            None => {
                let reason = format!("not something that votequorum tells: {text}");
                return Err(LogError::new(self.file, number, reason));
            }
            Some(Told::NodeList { seq, members }) => {
                if !self.open && self.number.is_some() {
                    self.flush(None);
                }
                (self.members, self.number, self.open) = (members, Some(seq), true);
                self.members.sort_unstable();
            }
            Some(Told::Quorum { .. }) => self.open = false,
            Some(Told::ExpectedVotes(_) | Told::ExtraInfo) => {}
        }
        self.began.get_or_insert((number, at));
        self.told.push((number, text.to_owned()));
        Ok(())
    }

    /// What was collected is complete.
    fn flush(&mut self, view: Option<(usize, View)>) {
        let Some((line, at)) = self.began.take() else {
            return;
        };
        let seen = Seen {
            told: std::mem::take(&mut self.told),
            members: self.members.clone(),
            number: self.number.take(),
            view,
        };
        let what = match std::mem::take(&mut self.fresh) {
            true => Happening::Up(seen),
            false => Happening::Seen(seen),
        };
        self.moments.push(Moment { line, at, what });
    }

    /// Corosync reads the file when it starts, too.
    fn configured(
        &mut self,
        line: usize,
        at: Duration,
        keys: &BTreeMap<String, String>,
    ) -> Result<(), LogError> {
        if !self.keys.is_empty() && self.keys != *keys {
            let config = Box::new(config(self.file, line, keys)?);
            self.moments.push(Moment {
                line,
                at,
                what: Happening::Reload(config),
            });
        }
        self.keys.clone_from(keys);
        Ok(())
    }

    fn key(
        &mut self,
        line: usize,
        at: Duration,
        key: &str,
        value: Option<&str>,
    ) -> Result<(), LogError> {
        if key == "config.reload_in_progress" {
            let ends = self.reloading && value != Some("1");
            self.reloading = value == Some("1");
            if ends {
                let config = Box::new(config(self.file, line, &self.keys)?);
                self.moments.push(Moment {
                    line,
                    at,
                    what: Happening::Reload(config),
                });
            }
            return Ok(());
        }
        if key.starts_with("config.") {
            return Ok(());
        }
        match value {
            Some(text) => self.keys.insert(key.to_owned(), text.to_owned()),
            None => self.keys.remove(key),
        };
        if self.reloading {
            return Ok(());
        }
        let is_number = |text: &str| text.parse::<u32>().is_ok();
        let value = value
            .map(|text| key_value(key, text, is_number(text)))
            .transpose();
        let value = value.map_err(|error| LogError::new(self.file, line, error.to_string()))?;
        let what = Happening::Key(key.to_owned(), value);
        self.moments.push(Moment { line, at, what });
        Ok(())
    }
}
