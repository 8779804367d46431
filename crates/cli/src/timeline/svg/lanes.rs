//! The lanes of the nodes.

use super::canvas::Canvas;
use super::{LEFT, Place, RIGHT, WIDTH, cuts, marks, style};
use crate::timeline::model::{Device, Lane, State, Stretch, Timeline};
use crate::timeline::scale;

/// Height of what a bar leaves free above and below for marks.
const MARGIN: f64 = 8.0;

/// All but the texts in the bars, which nothing else is to cross.
pub(super) fn draw(body: &mut Canvas, timeline: &Timeline, place: &Place) {
    for row in rows(timeline, place) {
        let below = row.y + place.lane;
        body.line((LEFT, below), (WIDTH - RIGHT, below), "lane");
        let base = row.y + place.lane / 2.0 + 4.0;
        body.text(LEFT - 6.0, base, "node", "end", &name(row.lane.node));
        row.draw(body);
    }
    cuts::draw(body, timeline, place);
}

/// A lane and where it is.
#[derive(Debug)]
pub(super) struct Row<'a> {
    place: &'a Place,
    y: f64,
    pub(super) lane: &'a Lane,
}

pub(super) fn rows<'a>(timeline: &'a Timeline, place: &'a Place) -> impl Iterator<Item = Row<'a>> {
    let rows = (0..).zip(&timeline.lanes);
    rows.map(|(number, lane)| Row {
        place,
        y: place.top + f64::from(number) * place.lane,
        lane,
    })
}

impl Row<'_> {
    fn draw(&self, body: &mut Canvas) {
        for (stretch, across) in self.stretches() {
            self.stretch(body, stretch, across);
        }
        for device in &self.lane.devices {
            self.device(body, device);
        }
        marks::draw(body, self.lane, self.place, (self.y, MARGIN));
    }

    /// With their left edges and widths; the last one goes on behind the last event.
    pub(super) fn stretches(&self) -> impl Iterator<Item = (&Stretch, (f64, f64))> {
        let last = self.lane.stretches.len();
        (1..)
            .zip(&self.lane.stretches)
            .map(move |(number, stretch)| {
                let (x, width) = self.place.range(stretch.from, stretch.to);
                let end = WIDTH - RIGHT - x;
                (stretch, (x, if number == last { end } else { width }))
            })
    }

    /// The upper edge and the height of its bars.
    pub(super) fn bar(&self) -> (f64, f64) {
        (self.y + MARGIN, self.place.lane - 2.0 * MARGIN)
    }

    fn stretch(&self, body: &mut Canvas, stretch: &Stretch, (x, width): (f64, f64)) {
        let (y, height) = self.bar();
        let title = title(stretch);
        let Some(group) = stretch.shown() else {
            let middle = y + height / 2.0;
            body.line((x, middle), (x + width, middle), "down");
            body.rect((x, y), (width, height), "none", &title);
            return;
        };
        let pattern = match stretch.state {
            State::NotQuorate => "no",
            State::Paused => "pause",
            State::Quorate | State::Down | State::Unseen => "",
        };
        // The one on top has the tooltip.
        let title_below = if pattern.is_empty() {
            title.as_str()
        } else {
            ""
        };
        let ring = style::ring(group);
        body.rect((x, y), (width, height), &format!("bar {ring}"), title_below);
        if !pattern.is_empty() {
            body.rect((x, y), (width, height), &format!("bar {pattern}"), &title);
        }
    }

    /// At the lower edge of the bar: through when it votes, dotted when it does not.
    fn device(&self, body: &mut Canvas, device: &Device) {
        let (x, width) = self.place.range(device.from, device.to);
        let (y, height) = self.bar();
        let y = y + height - 2.5;
        let class = if device.votes { "device" } else { "silent" };
        body.line((x, y), (x + width, y), class);
    }
}

/// Beside the lane there is room for ten digits.
fn name(node: u32) -> String {
    match node {
        0..10_000 => format!("node {node}"),
        _ => node.to_string(),
    }
}

fn title(stretch: &Stretch) -> String {
    let mut title = stretch.state.text().to_owned();
    if let Some((votes, expected)) = stretch.votes {
        title += &format!(", {votes} of {expected} votes");
    }
    if !stretch.ring.is_empty() {
        title += &format!("; {}", stretch.ring);
    }
    let [from, to] = [stretch.from, stretch.to].map(scale::label);
    title + &format!("; from {from} to {to}")
}
