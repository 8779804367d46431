//! What is written into the lanes' bars, after everything else: lines go behind it.

use super::canvas::Canvas;
use super::lanes::rows;
use super::{Place, style};
use crate::timeline::model::{State, Stretch, Timeline, letters};

/// What fits into a bar at least.
const LETTER: f64 = 14.0;
/// From the middle of a bar to the base of its text.
const BASE: f64 = 3.6;
/// The same where the line of a quorum device is at the bar's lower edge.
const ABOVE_DEVICE: f64 = 2.2;

pub(super) fn draw(body: &mut Canvas, timeline: &Timeline, place: &Place) {
    for row in rows(timeline, place) {
        let (y, height) = row.bar();
        let middle = y + height / 2.0;
        let devices = !row.lane.devices.is_empty();
        let base = middle + if devices { ABOVE_DEVICE } else { BASE };
        for (stretch, (x, width)) in row.stretches() {
            match stretch.shown() {
                Some(group) if width >= LETTER => {
                    let text = label(stretch, group, width);
                    let halo = style::ring(group).replace('r', "h");
                    body.text(x + 4.0, base, &format!("in halo {halo}"), "start", &text);
                }
                Some(_) => {}
                None => absent(body, stretch, (x + width / 2.0, middle + 4.0), width),
            }
        }
    }
}

fn absent(body: &mut Canvas, stretch: &Stretch, (x, y): (f64, f64), width: f64) {
    let word = stretch.state.text();
    if width > 8.0 * word.len() as f64 {
        body.text(x, y, "small halo blank", "middle", word);
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
