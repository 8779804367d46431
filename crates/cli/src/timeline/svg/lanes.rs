//! The lanes of the nodes.

use super::canvas::Canvas;
use super::{LEFT, Place, RIGHT, WIDTH, cuts, marks, style};
use crate::timeline::model::{Device, Lane, State, Stretch, Timeline, letters};
use crate::timeline::scale;

/// Height of what a bar leaves free above and below for marks.
const MARGIN: f64 = 8.0;
/// What fits into a bar at least.
const LETTER: f64 = 14.0;

pub(super) fn draw(body: &mut Canvas, timeline: &Timeline, place: &Place) {
    let mut y = place.top;
    for lane in &timeline.lanes {
        let row = Row { place, y };
        body.line(
            (LEFT, y + place.lane),
            (WIDTH - RIGHT, y + place.lane),
            "lane",
        );
        let middle = y + place.lane / 2.0 + 4.0;
        body.text(
            LEFT - 10.0,
            middle,
            "node",
            "end",
            &format!("node {}", lane.node),
        );
        row.draw(body, lane);
        y += place.lane;
    }
    cuts::draw(body, timeline, place);
}

#[derive(Debug)]
struct Row<'a> {
    place: &'a Place,
    y: f64,
}

impl Row<'_> {
    fn draw(&self, body: &mut Canvas, lane: &Lane) {
        for (number, stretch) in (1..).zip(&lane.stretches) {
            let (x, width) = self.place.range(stretch.from, stretch.to);
            let is_last = number == lane.stretches.len();
            let width = if is_last { WIDTH - RIGHT - x } else { width };
            self.stretch(body, stretch, (x, width));
        }
        for device in &lane.devices {
            self.device(body, device);
        }
        marks::draw(body, lane, self.place, (self.y, MARGIN));
    }

    fn bar(&self) -> (f64, f64) {
        (self.y + MARGIN, self.place.lane - 2.0 * MARGIN)
    }

    fn stretch(&self, body: &mut Canvas, stretch: &Stretch, (x, width): (f64, f64)) {
        let (y, height) = self.bar();
        let title = title(stretch);
        let middle = y + height / 2.0;
        let Some(group) = stretch.group.filter(|_| stretch.state != State::Down) else {
            body.line((x, middle), (x + width, middle), "down");
            body.rect((x, y), (width, height), "none", &title);
            let word = stretch.state.text();
            if width > 8.0 * word.len() as f64 {
                let class = "small halo blank";
                body.text(x + width / 2.0, middle + 4.0, class, "middle", word);
            }
            return;
        };
        let ring = style::ring(group);
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
        body.rect((x, y), (width, height), &format!("bar {ring}"), title_below);
        if !pattern.is_empty() {
            body.rect((x, y), (width, height), &format!("bar {pattern}"), &title);
        }
        if width < LETTER {
            return;
        }
        let text = label(stretch, group, width);
        let halo = ring.replace('r', "h");
        body.text(
            x + 4.0,
            middle + 3.6,
            &format!("in halo {halo}"),
            "start",
            &text,
        );
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

/// As much as there is room for: `A`, `A 2/3`, `A 2/3 votes, not quorate`.
fn label(stretch: &Stretch, group: usize, width: f64) -> String {
    let letter = letters(group);
    let mut best = letter.clone();
    let mut offer = |text: String| {
        if text.chars().count() as f64 * 6.2 + 8.0 < width {
            best = text;
        }
    };
    let votes = stretch
        .votes
        .map(|(votes, expected)| format!(" {votes}/{expected}"));
    let votes = votes.unwrap_or_default();
    offer(format!("{letter}{votes}"));
    if stretch.state != State::Quorate {
        offer(format!("{letter}{votes} {}", stretch.state.text()));
    }
    best
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
