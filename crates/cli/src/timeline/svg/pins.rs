//! What happened: numbers above the lanes, and the list of what they mean below.

use std::ops::Range;

use super::canvas::{Canvas, fit};
use super::{LEFT, Place, RIGHT, WIDTH};
use crate::timeline::model::{Happening, Timeline};
use crate::timeline::scale;

const Y: f64 = 46.0;
/// Height of a line of the list.
const LINE: f64 = 17.0;
/// Where the text of a line begins: behind its number and its time.
const TEXT: f64 = 108.0;
/// The list says no more than so much.
const MOST: usize = 120;

/// Draws the numbers, those that would cover each other as one, and says which have a place in
/// the list.
pub(super) fn draw(body: &mut Canvas, timeline: &Timeline, place: &Place) -> Vec<Range<usize>> {
    let happenings = &timeline.happenings;
    let mut pins: Vec<(f64, Range<usize>)> = Vec::new();
    for (number, happening) in happenings.iter().enumerate() {
        pins.push((place.x(happening.at), number..number + 1));
        // One that has grown may cover the one before it.
        while let [.., (x, range), (other, more)] = pins.as_mut_slice() {
            if *other - half(more) >= *x + half(range) + 2.0 {
                break;
            }
            range.end = more.end;
            pins.pop();
        }
    }
    for (x, range) in &pins {
        let there = &happenings[range.clone()];
        for happening in there {
            let x = place.x(happening.at);
            body.line((x, Y + 8.0), (x, place.bottom), "hair");
        }
        let bad = there.iter().any(|happening| happening.trouble);
        let class = if bad { "bad" } else { "pin" };
        let lines = there.iter().take(15).map(line);
        let half = half(range);
        let corner = (x - half, Y - 8.0);
        body.rect(
            corner,
            (2.0 * half, 16.0),
            class,
            &lines.collect::<Vec<_>>().join("\n"),
        );
        body.text(*x, Y + 3.6, "number", "middle", &numbers(range));
    }
    pins.into_iter().map(|(_, range)| range).collect()
}

fn half(range: &Range<usize>) -> f64 {
    numbers(range).len() as f64 * 3.4 + 4.0
}

fn numbers(range: &Range<usize>) -> String {
    match range.len() {
        1 => range.end.to_string(),
        _ => format!("{}-{}", range.start + 1, range.end),
    }
}

fn line(happening: &Happening) -> String {
    format!("{}  {}", scale::label(happening.at), happening.text())
}

/// The list in as many columns as fit, and where it ends.
pub(super) fn list(body: &mut Canvas, timeline: &Timeline, pins: &[Range<usize>], top: f64) -> f64 {
    let happenings = &timeline.happenings;
    if pins.is_empty() {
        return top;
    }
    let shown = happenings.len().min(MOST);
    let longest = happenings
        .iter()
        .map(|happening| line(happening).chars().count());
    let longest = longest.max().unwrap_or(0) as f64 * 6.2 + TEXT + 16.0;
    let space = WIDTH - LEFT - RIGHT;
    let columns = ((space / longest) as usize).clamp(1, 3);
    let rows = shown.div_ceil(columns);
    let width = space / columns as f64;
    for (number, happening) in happenings.iter().take(shown).enumerate() {
        let x = LEFT + (number / rows) as f64 * width;
        let y = top + (number % rows) as f64 * LINE;
        let class = if happening.trouble { "bad" } else { "" };
        body.text(x + 18.0, y, "small", "end", &(number + 1).to_string());
        let at = scale::label(happening.at);
        body.text(x + TEXT - 8.0, y, "small", "end", &at);
        let text = fit(&happening.text(), width - TEXT - 8.0);
        body.text(x + TEXT, y, class, "start", &text);
    }
    let mut bottom = top + rows as f64 * LINE;
    if happenings.len() > shown {
        let more = format!("and {} more", happenings.len() - shown);
        body.text(LEFT + TEXT, bottom, "small", "start", &more);
        bottom += LINE;
    }
    bottom
}
