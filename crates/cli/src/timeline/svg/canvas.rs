//! Elements of SVG, as text.

use std::fmt::Write as _;

pub(super) use quorate_sim::scenario::escape_xml as escape;

/// Elements, in the order in which they are painted.
#[derive(Debug, Default)]
pub(super) struct Canvas(String);

impl Canvas {
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// A rectangle; `title` is shown when somebody points at it.
    pub(super) fn rect(
        &mut self,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
        class: &str,
        title: &str,
    ) {
        // Writing to a string does not fail.
        let _ = write!(
            self.0,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\""
        );
        self.close("rect", title);
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        let _ = writeln!(
            self.0,
            "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
            from.0, from.1, to.0, to.1
        );
    }

    /// A shape; `path` is relative to the place.
    pub(super) fn shape(&mut self, (x, y): (f64, f64), path: &str, class: &str, title: &str) {
        let _ = write!(self.0, "<path class=\"{class}\" d=\"M{x:.1} {y:.1}{path}\"");
        self.close("path", title);
    }

    /// Text on a line; `anchor` is `start`, `middle` or `end`.
    pub(super) fn text(&mut self, x: f64, y: f64, class: &str, anchor: &str, text: &str) {
        let text = escape(text);
        let _ = writeln!(
            self.0,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
        );
    }

    fn close(&mut self, element: &str, title: &str) {
        let _ = match title {
            "" => writeln!(self.0, "/>"),
            _ => writeln!(self.0, "><title>{}</title></{element}>", escape(title)),
        };
    }
}

/// As many characters as fit; the last one says that there were more. Letters of 11 pixels are
/// hardly wider than 6 on average.
pub(super) fn fit(text: &str, width: f64) -> String {
    let room = (width / 6.2) as usize;
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(room.saturating_sub(1)).collect();
    short.push('…');
    short
}
