//! The picture as text.

mod legend;
mod signs;

use std::fmt::Write as _;
use std::time::Duration;

use super::model::{Lane, MarkKind, State, Stretch, Timeline, letters};
use super::scale;
use signs::{ASCII, Signs, UNICODE};

/// What the terminal can do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Columns.
    pub(super) width: usize,
    pub(super) ascii: bool,
    pub(super) colour: bool,
}

/// Foregrounds of the rings.
const COLOURS: [u8; 8] = [36, 33, 32, 35, 93, 94, 31, 37];

struct Drawing<'a> {
    timeline: &'a Timeline,
    style: Style,
    signs: &'static Signs,
    /// Columns before the lanes.
    left: usize,
    /// Columns of the lanes.
    plot: usize,
    /// Those of them behind the column of the last event: they show how it ended.
    rest: usize,
    text: String,
}

/// Lines of text, the last one with its newline.
pub(super) fn draw(timeline: &Timeline, style: Style) -> String {
    let names = timeline.lanes.iter().map(|lane| name(lane).len());
    let left = names.max().unwrap_or(0).max(4) + 2;
    let plot = style.width.saturating_sub(left).max(10);
    let mut drawing = Drawing {
        timeline,
        style,
        signs: if style.ascii { &ASCII } else { &UNICODE },
        left,
        plot,
        rest: (plot / 30).max(2),
        text: String::new(),
    };
    drawing.all();
    drawing.text
}

fn name(lane: &Lane) -> String {
    format!("node {}", lane.node)
}

impl Drawing<'_> {
    fn all(&mut self) {
        let timeline = self.timeline;
        let span = scale::rounded(timeline.end - timeline.begin);
        self.line(&format!("{} ({}, {span})", timeline.title, timeline.source));
        self.line("");
        self.pins();
        for lane in &timeline.lanes {
            self.lane(lane);
        }
        self.axis();
        self.line("");
        self.legend();
        if !timeline.happenings.is_empty() {
            self.line("");
        }
        for (number, happening) in (1..).zip(&timeline.happenings) {
            let at = scale::label(happening.at);
            let sign = if happening.trouble { "!" } else { " " };
            let line = format!("{sign}{number:>4}  {at:>10}  {}", happening.text());
            self.line(&line);
        }
    }

    /// A line, cut off at the width.
    fn line(&mut self, line: &str) {
        let line = line.trim_end();
        if line.chars().count() > self.style.width {
            self.text.extend(line.chars().take(self.style.width - 1));
            self.text.push(self.signs.cut_off);
        } else {
            self.text += line;
        }
        self.text.push('\n');
    }

    fn column(&self, time: Duration) -> usize {
        let span = (self.timeline.end - self.timeline.begin).as_secs_f64();
        if span == 0.0 {
            return 0;
        }
        let part = time.saturating_sub(self.timeline.begin).as_secs_f64() / span;
        let last = self.plot - 1 - self.rest;
        ((part * (last + 1) as f64) as usize).min(last)
    }

    fn columns(&self, from: Duration, to: Duration) -> std::ops::RangeInclusive<usize> {
        let first = self.column(from);
        let last = self.column(to);
        // A stretch ends where the next one begins, unless it has that column for itself.
        let last = if last > first && to < self.timeline.end {
            last - 1
        } else {
            last
        };
        first..=last
    }

    /// The numbers of what happened; those that would cover each other as one.
    fn pins(&mut self) {
        let mut pins: Vec<(usize, usize, usize)> = Vec::new();
        let label = |first: usize, last: usize| match last - first {
            0 => first.to_string(),
            _ => format!("{first}-{last}"),
        };
        for (number, happening) in (1..).zip(&self.timeline.happenings) {
            let column = self.column(happening.at);
            match pins.last_mut() {
                Some((at, first, last)) if column < *at + label(*first, *last).len() + 1 => {
                    *last = number;
                }
                _ => pins.push((column, number, number)),
            }
        }
        let mut row = " ".repeat(self.left);
        for (column, first, last) in pins {
            let label = label(first, last);
            let place = (self.left + column).min(self.style.width - label.len());
            row += &" ".repeat(place.saturating_sub(row.len()));
            row += &label;
            row.push(' ');
        }
        self.line(&row);
    }

    fn lane(&mut self, lane: &Lane) {
        let mut row: Vec<(char, Option<usize>)> = vec![(' ', None); self.plot];
        // What is bad can be seen however short it was.
        let mut worst: Vec<u8> = vec![0; self.plot];
        let mut before = None;
        for (number, stretch) in (1..).zip(&lane.stretches) {
            let columns = self.columns(stretch.from, stretch.to);
            let columns = if number == lane.stretches.len() {
                *columns.start()..=self.plot - 1
            } else {
                columns
            };
            let now = Some((stretch.group, stretch.state));
            let mut is_new = now != before;
            before = now;
            for column in columns {
                if badness(stretch.state) < worst[column] {
                    continue;
                }
                worst[column] = badness(stretch.state);
                // A letter stays, if it is the right one.
                let has_letter = row[column].0.is_alphabetic() && row[column].1 == stretch.group;
                row[column] = (self.sign(stretch, is_new || has_letter), stretch.group);
                is_new = false;
            }
        }
        let mut text = format!("{:<width$}", name(lane), width = self.left);
        let mut colour = None;
        for (sign, group) in row {
            if self.style.colour && group != colour {
                colour = group;
                // Writing to a string does not fail.
                let _ = match group {
                    Some(group) => write!(text, "\x1b[{}m", COLOURS[group % COLOURS.len()]),
                    None => write!(text, "\x1b[0m"),
                };
            }
            text.push(sign);
        }
        if colour.is_some() {
            text += "\x1b[0m";
        }
        self.text += text.trim_end();
        self.text.push('\n');
        self.devices(lane);
        self.marks(lane);
    }

    fn sign(&self, stretch: &Stretch, is_new: bool) -> char {
        let letter = || {
            let group = stretch.group.filter(|_| is_new)?;
            // Of a name of two letters only the first has room.
            letters(group).chars().next()
        };
        match stretch.state {
            State::Quorate => letter().unwrap_or(self.signs.quorate),
            State::NotQuorate => {
                letter().map_or(self.signs.not_quorate, |c| c.to_ascii_lowercase())
            }
            State::Paused => self.signs.paused,
            State::Down => self.signs.down,
            State::Unseen => self.signs.unseen,
        }
    }

    fn devices(&mut self, lane: &Lane) {
        if lane.devices.is_empty() {
            return;
        }
        let mut row = vec![' '; self.plot];
        for device in &lane.devices {
            let sign = if device.votes {
                self.signs.votes
            } else {
                self.signs.silent
            };
            for column in self.columns(device.from, device.to) {
                row[column] = sign;
            }
        }
        self.row("  vote", &row);
    }

    fn marks(&mut self, lane: &Lane) {
        if lane.marks.is_empty() {
            return;
        }
        let mut row = vec![' '; self.plot];
        for mark in &lane.marks {
            let sign = match mark.kind {
                MarkKind::Call => self.signs.call,
                MarkKind::Callback => self.signs.callback,
            };
            let place = &mut row[self.column(mark.at)];
            *place = if [' ', sign].contains(place) {
                sign
            } else {
                self.signs.both
            };
        }
        self.row("", &row);
    }

    fn row(&mut self, name: &str, row: &[char]) {
        let row: String = row.iter().collect();
        self.line(&format!("{name:<width$}{row}", width = self.left));
    }

    fn axis(&mut self) {
        let ticks = scale::ticks(self.timeline.begin, self.timeline.end, self.plot / 12);
        let (mut marks, mut labels) = (" ".repeat(self.left), " ".repeat(self.left));
        for tick in ticks {
            let column = self.left + self.column(tick);
            let label = scale::label(tick);
            // A label at the right edge ends there.
            let start = column.min(self.style.width.saturating_sub(label.len()));
            if start < labels.len() + usize::from(labels.len() > self.left) {
                continue;
            }
            marks += &" ".repeat(column.saturating_sub(marks.chars().count()));
            marks.push(self.signs.tick);
            labels += &" ".repeat(start - labels.len());
            labels += &label;
        }
        self.line(&marks);
        self.line(&labels);
    }
}

fn badness(state: State) -> u8 {
    match state {
        State::Quorate => 0,
        State::Unseen => 1,
        State::Down => 2,
        State::Paused => 3,
        State::NotQuorate => 4,
    }
}
