//! Frames around nodes that reach only each other.

use super::Place;
use super::canvas::{Canvas, fit};
use crate::timeline::model::{Cut, Timeline};
use crate::timeline::scale;

/// Neighbouring lanes in the same part of a network that is cut.
struct Frame<'a> {
    cut: &'a Cut,
    first: usize,
    last: usize,
}

/// One frame for neighbours of the same part; on its upper edge all nodes of the part.
pub(super) fn draw(body: &mut Canvas, timeline: &Timeline, place: &Place) {
    for frame in frames(timeline) {
        let cut = frame.cut;
        let (x, width) = place.range(cut.from, cut.to);
        let y = place.top + frame.first as f64 * place.lane + 1.0;
        let height = (frame.last - frame.first + 1) as f64 * place.lane - 2.0;
        body.rect((x, y), (width, height), "edge", "");
        let text = fit(&format!("{{{}}}", cut.members), width - 16.0);
        let title = format!(
            "{{{}}} reach only each other from {} to {}",
            cut.members,
            scale::label(cut.from),
            scale::label(cut.to)
        );
        if text.chars().count() > 2 {
            // What is behind it would show between the letters.
            let room = text.chars().count() as f64 * 5.6 + 4.0;
            body.rect((x + 6.0, y - 4.0), (room, 9.0), "under", "");
            body.text(x + 8.0, y + 3.2, "part", "start", &text);
        }
        // The frame's own lines are too thin to be pointed at.
        body.rect((x, y), (width, 6.0), "none", &title);
    }
}

fn frames(timeline: &Timeline) -> Vec<Frame<'_>> {
    let mut frames: Vec<Frame<'_>> = Vec::new();
    for (lane, cut) in (0..)
        .zip(&timeline.lanes)
        .flat_map(|(n, lane)| lane.cuts.iter().map(move |cut| (n, cut)))
    {
        let joins = |frame: &&mut Frame<'_>| frame.last + 1 == lane && frame.cut == cut;
        match frames.iter_mut().find(joins) {
            Some(frame) => frame.last = lane,
            None => frames.push(Frame {
                cut,
                first: lane,
                last: lane,
            }),
        }
    }
    frames
}
