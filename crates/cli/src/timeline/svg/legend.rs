//! What the signs mean; only those that occur.

use super::canvas::Canvas;
use super::{LEFT, RIGHT, WIDTH};
use crate::timeline::model::{Lane, MarkKind, State, Timeline};

const HEIGHT: f64 = 14.0;
const SIGN: f64 = 34.0;

/// Draws a sign at a place.
type Sign = fn(&mut Canvas, f64, f64);

/// Draws it, and says where it ends.
pub(super) fn draw(body: &mut Canvas, timeline: &Timeline, top: f64) -> f64 {
    let lanes = &timeline.lanes;
    let has = |state| {
        lanes
            .iter()
            .flat_map(|lane| &lane.stretches)
            .any(|s| s.state == state)
    };
    let marks = |kind| {
        lanes
            .iter()
            .flat_map(|lane| &lane.marks)
            .any(|m| m.kind == kind)
    };
    let any = |has: fn(&Lane) -> bool| lanes.iter().any(has);
    let signs: [(bool, Sign, &str); 9] = [
        (
            has(State::Quorate),
            quorate,
            "quorate; same letter at the same moment: same ring; votes present/expected",
        ),
        (has(State::NotQuorate), not_quorate, "not quorate"),
        (has(State::Paused), paused, "paused"),
        (has(State::Down), absent, "down"),
        (
            has(State::Unseen),
            absent,
            "not seen from the recorded node",
        ),
        (
            any(|lane| !lane.cuts.is_empty()),
            cut,
            "{nodes} that reach only each other",
        ),
        (
            any(|lane| !lane.devices.is_empty()),
            device,
            "quorum device that votes; dotted: does not",
        ),
        (marks(MarkKind::Call), call, "a program asks"),
        (marks(MarkKind::Callback), told, "a program is told"),
    ];
    let (mut x, mut y) = (LEFT, top + 6.0);
    for (_, sign, text) in signs.into_iter().filter(|(is_there, ..)| *is_there) {
        let width = SIGN + 6.0 + text.chars().count() as f64 * 6.0 + 22.0;
        if x + width > WIDTH - RIGHT && x > LEFT {
            (x, y) = (LEFT, y + 22.0);
        }
        sign(body, x, y);
        body.text(x + SIGN + 6.0, y + 11.0, "small", "start", text);
        x += width;
    }
    y + HEIGHT
}

fn quorate(body: &mut Canvas, x: f64, y: f64) {
    body.rect((x, y), (SIGN, HEIGHT), "bar r0", "");
    body.text(x + 4.0, y + 10.5, "in", "start", "A 3/3");
}

fn not_quorate(body: &mut Canvas, x: f64, y: f64) {
    body.rect((x, y), (SIGN, HEIGHT), "bar r1", "");
    body.rect((x, y), (SIGN, HEIGHT), "bar no", "");
    body.text(x + 4.0, y + 10.5, "in halo h1", "start", "B");
}

fn paused(body: &mut Canvas, x: f64, y: f64) {
    body.rect((x, y), (SIGN, HEIGHT), "bar r0", "");
    body.rect((x, y), (SIGN, HEIGHT), "bar pause", "");
}

fn absent(body: &mut Canvas, x: f64, y: f64) {
    body.line((x, y + HEIGHT / 2.0), (x + SIGN, y + HEIGHT / 2.0), "down");
}

fn cut(body: &mut Canvas, x: f64, y: f64) {
    body.rect((x, y), (SIGN, HEIGHT), "edge", "");
}

fn device(body: &mut Canvas, x: f64, y: f64) {
    let middle = x + SIGN / 2.0;
    body.line((x, y + 8.0), (middle, y + 8.0), "device");
    body.line((middle + 2.0, y + 8.0), (x + SIGN, y + 8.0), "silent");
}

fn call(body: &mut Canvas, x: f64, y: f64) {
    body.shape(
        (x + SIGN - 6.0, y + 7.0),
        super::marks::TRIANGLE,
        "call",
        "",
    );
}

fn told(body: &mut Canvas, x: f64, y: f64) {
    body.shape((x + SIGN - 6.0, y + 7.0), super::marks::CIRCLE, "told", "");
}
