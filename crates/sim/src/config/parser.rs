//! corosync.conf's syntax: lines `name {`, `name: value`, `}`, `# comment`.

use std::collections::BTreeMap;

use super::error::{ConfigError, ConfigErrorKind};
use super::keys::Keys;
use super::sections::{Collected, Section};
use crate::excerpt::Excerpt;

/// The keys of a file, and the lines of what can be complained about later.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Parsed {
    pub(super) keys: Keys,
    /// Where each `node {` of the node list begins, in order.
    pub(super) nodes: Vec<Excerpt>,
    /// Where each key that stands in a section by itself was set, by its full name.
    pub(super) places: BTreeMap<String, Excerpt>,
}

struct Open {
    path: String,
    section: Section,
    place: Excerpt,
}

struct Parser<'a> {
    file: &'a str,
    parsed: Parsed,
    collected: Collected,
    open: Vec<Open>,
}

/// What C's parser of this file takes for a blank.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{a0}')
}

pub(super) fn parse(file: &str, text: &str) -> Result<Parsed, ConfigError> {
    let mut parser = Parser {
        file,
        parsed: Parsed::default(),
        collected: Collected::default(),
        open: Vec::new(),
    };
    for (index, line) in text.split('\n').enumerate() {
        parser.line(index + 1, line.strip_suffix('\r').unwrap_or(line))?;
    }
    match parser.open.pop() {
        Some(open) => Err(ConfigError {
            place: Some(Box::new(open.place)),
            kind: ConfigErrorKind::MissingClosingBrace,
        }),
        None => Ok(parser.parsed),
    }
}

impl Parser<'_> {
    fn line(&mut self, number: usize, line: &str) -> Result<(), ConfigError> {
        let content = line.trim_matches(is_blank);
        if content.is_empty() || content.starts_with('#') {
            // corosync refuses long lines before it looks at what they are.
            return self.check_length(number, line);
        }
        self.check_length(number, line)?;
        let place = |part: &str| {
            let at = part.as_ptr() as usize - line.as_ptr() as usize;
            Excerpt {
                line: number,
                ..Excerpt::of_span(self.file, line, at..at + part.len())
            }
        };
        let whole = place(content);
        let (result, place) = if let Some((name, rest)) = content.split_once('{') {
            let name = name
                .trim_matches(is_blank)
                .trim_end_matches([':', ' ', '\t', '{']);
            let rest = rest.trim_matches(is_blank);
            let place = if rest.is_empty() { whole } else { place(rest) };
            (self.section(name, rest, &place), place)
        } else if let Some((name, value)) = content.split_once(':') {
            let name = name.trim_matches(is_blank);
            let value = value.trim_matches(is_blank);
            let place = if value.is_empty() {
                whole
            } else {
                place(value)
            };
            (self.item(name, value, &place), place)
        } else if content.contains('}') {
            (self.close(content), whole)
        } else {
            (Err(ConfigErrorKind::UnexpectedLine), whole)
        };
        result.map_err(|kind| ConfigError {
            place: Some(Box::new(place)),
            kind,
        })
    }

    fn check_length(&self, number: usize, line: &str) -> Result<(), ConfigError> {
        if line.len() <= 510 {
            return Ok(());
        }
        let place = Excerpt {
            line: number,
            ..Excerpt::of_span(self.file, line, 510..line.len())
        };
        Err(ConfigError {
            place: Some(Box::new(place)),
            kind: ConfigErrorKind::LineTooLong,
        })
    }

    fn path(&self, name: &str) -> Result<String, ConfigErrorKind> {
        let path = match self.open.last() {
            Some(open) => format!("{}.{name}", open.path),
            None => name.to_owned(),
        };
        if path.len() > 255 {
            return Err(ConfigErrorKind::KeyLength { key: path });
        }
        Ok(path)
    }

    fn current(&self) -> Section {
        self.open.last().map_or(Section::Plain, |open| open.section)
    }

    fn section(&mut self, name: &str, rest: &str, place: &Excerpt) -> Result<(), ConfigErrorKind> {
        if name.is_empty() {
            return Err(ConfigErrorKind::SectionWithoutName);
        }
        if !rest.is_empty() {
            return Err(ConfigErrorKind::TextAfterOpeningBrace);
        }
        let path = self.path(name)?;
        let section = self.collected.open(self.current(), &path)?;
        if path == "nodelist.node" {
            self.parsed.nodes.push(place.clone());
        }
        self.open.push(Open {
            path,
            section,
            place: place.clone(),
        });
        Ok(())
    }

    fn item(&mut self, name: &str, value: &str, place: &Excerpt) -> Result<(), ConfigErrorKind> {
        if name.is_empty() {
            return Err(ConfigErrorKind::KeyWithoutName);
        }
        let path = self.path(name)?;
        let section = self.current();
        self.collected
            .item(section, &path, value, &mut self.parsed.keys)?;
        self.parsed.places.insert(path, place.clone());
        Ok(())
    }

    fn close(&mut self, content: &str) -> Result<(), ConfigErrorKind> {
        if content != "}" {
            return Err(ConfigErrorKind::TextAroundClosingBrace);
        }
        let open = self.open.pop();
        let open = open.ok_or(ConfigErrorKind::UnexpectedClosingBrace)?;
        self.collected
            .close(open.section, &open.path, &mut self.parsed.keys)
    }
}
