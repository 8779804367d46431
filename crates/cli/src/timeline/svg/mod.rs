//! The picture.

mod canvas;
mod cuts;
mod labels;
mod lanes;
mod legend;
mod marks;
mod pins;
mod style;

use std::time::Duration;

use super::model::Timeline;
use super::scale;
use canvas::Canvas;

/// Pixels.
const WIDTH: f64 = 1200.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 62.0;
/// Behind the last event, so that it can be seen how it ended.
const REST: f64 = 32.0;
/// Between two labels of the axis.
const LABEL: f64 = 84.0;

/// Where things are.
#[derive(Clone, Copy, Debug)]
struct Place {
    begin: Duration,
    /// In seconds; never 0.
    span: f64,
    /// Height of a lane.
    lane: f64,
    /// Where the lanes begin and end.
    top: f64,
    bottom: f64,
}

impl Place {
    fn of(timeline: &Timeline) -> Self {
        let lanes = timeline.lanes.len();
        let devices = timeline.lanes.iter().any(|lane| !lane.devices.is_empty());
        let lane = match lanes {
            0..=8 => 44.0,
            // A bar has room for its text and for the line of a device.
            9..=16 => 34.0,
            _ if devices => 34.0,
            _ => 26.0,
        };
        let span = (timeline.end - timeline.begin).as_secs_f64();
        Self {
            begin: timeline.begin,
            span: if span > 0.0 { span } else { 1e-6 },
            lane,
            top: TOP,
            bottom: TOP + lane * lanes as f64,
        }
    }

    fn x(&self, time: Duration) -> f64 {
        let part = (time.saturating_sub(self.begin)).as_secs_f64() / self.span;
        LEFT + part * (WIDTH - LEFT - REST - RIGHT)
    }

    /// From one time to another; what takes no time can be seen all the same.
    fn range(&self, from: Duration, to: Duration) -> (f64, f64) {
        let [from, to] = [from, to].map(|time| self.x(time));
        (from, (to - from).max(1.0))
    }
}

/// A document of its own: an SVG file.
pub(super) fn draw(timeline: &Timeline) -> String {
    let place = Place::of(timeline);
    let mut body = Canvas::default();
    let lanes = timeline.lanes.len();
    let plural = if lanes == 1 { "" } else { "s" };
    let span = scale::rounded(timeline.end - timeline.begin);
    let subtitle = format!("{lanes} node{plural}, {}, {span}", timeline.source);
    body.text(LEFT, 22.0, "title", "start", &timeline.title);
    body.text(WIDTH - RIGHT, 22.0, "small", "end", &subtitle);
    axis(&mut body, timeline, &place);
    lanes::draw(&mut body, timeline, &place);
    let pins = pins::draw(&mut body, timeline, &place);
    labels::draw(&mut body, timeline, &place);
    let legend = legend::draw(&mut body, timeline, place.bottom + 34.0);
    let height = pins::list(&mut body, timeline, &pins, legend + 24.0);
    let title = canvas::escape(&format!("{}: {subtitle}", timeline.title));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{WIDTH}\" \
         height=\"{height:.0}\" viewBox=\"0 0 {WIDTH} {height:.0}\">\n<title>{title}</title>\n{}\
         <rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n{}</svg>\n",
        style::head(),
        body.finish()
    )
}

/// Round times below the lanes, and lines through them.
fn axis(body: &mut Canvas, timeline: &Timeline, place: &Place) {
    let most = ((WIDTH - LEFT - REST - RIGHT) / LABEL) as usize;
    for tick in scale::ticks(timeline.begin, timeline.end, most) {
        let x = place.x(tick);
        body.line((x, place.top - 4.0), (x, place.bottom + 4.0), "grid");
        let anchor = if x > WIDTH - RIGHT - LABEL / 2.0 {
            "end"
        } else {
            "middle"
        };
        body.text(x, place.bottom + 18.0, "small", anchor, &scale::label(tick));
    }
}
