//! What programs ask, above a node's bar, and what they are told, below it.

use super::Place;
use super::canvas::Canvas;
use crate::timeline::model::{Lane, Mark, MarkKind};
use crate::timeline::scale;

/// Marks that are nearer than this are one.
const NEAR: f64 = 5.0;
/// No tooltip has more lines.
const LINES: usize = 15;

pub(super) const TRIANGLE: &str = "m-3.6 -3.2h7.2l-3.6 6.4z";
pub(super) const CIRCLE: &str = "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z";
/// Several at once: the same, wider.
pub(super) const TRIANGLES: &str = "m-5.6 -3.2h11.2l-3.6 6.4l-2 -3.4l-2 3.4z";
const CIRCLES: &str = "m-2 -3a3 3 0 1 0 0 6h4a3 3 0 1 0 0 -6z";

pub(super) fn draw(body: &mut Canvas, lane: &Lane, place: &Place, (y, margin): (f64, f64)) {
    for (kind, y, shapes, class) in [
        (
            MarkKind::Call,
            y + margin / 2.0,
            [TRIANGLE, TRIANGLES],
            "call",
        ),
        (
            MarkKind::Callback,
            y + place.lane - margin / 2.0,
            [CIRCLE, CIRCLES],
            "told",
        ),
    ] {
        let marks = lane.marks.iter().filter(|mark| mark.kind == kind);
        for cluster in clusters(marks, place) {
            let x = place.x(cluster[0].at);
            let shape = shapes[usize::from(cluster.len() > 1)];
            body.shape((x, y), shape, class, &title(&cluster));
        }
    }
}

fn clusters<'a>(marks: impl Iterator<Item = &'a Mark>, place: &Place) -> Vec<Vec<&'a Mark>> {
    let mut clusters: Vec<Vec<&Mark>> = Vec::new();
    for mark in marks {
        match clusters.last_mut() {
            Some(last) if place.x(mark.at) - place.x(last[0].at) < NEAR => last.push(mark),
            _ => clusters.push(vec![mark]),
        }
    }
    clusters
}

fn title(marks: &[&Mark]) -> String {
    let lines = marks.iter().take(LINES);
    let lines = lines.map(|mark| format!("{}: {}", scale::label(mark.at), mark.text));
    let mut lines: Vec<_> = lines.collect();
    if marks.len() > LINES {
        lines.push(format!("and {} more", marks.len() - LINES));
    }
    lines.join("\n")
}
