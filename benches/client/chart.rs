//! The chart beside the table: each ratio on a logarithmic scale, with the middle half of its rounds.

use std::fmt::Write as _;

use crate::report::Row;

const WIDTH: f64 = 900.0;
const LEFT: f64 = 390.0;
const RIGHT: f64 = 60.0;
const TOP: f64 = 58.0;
const LINE: f64 = 22.0;
/// What lies beyond is drawn at the edge.
const LOWEST: f64 = 0.001;
const HIGHEST: f64 = 20.0;

/// Where a ratio is, from left to right.
fn x(ratio: f64) -> f64 {
    let share = (ratio.clamp(LOWEST, HIGHEST) / LOWEST).ln() / (HIGHEST / LOWEST).ln();
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// An SVG picture of the rows.
pub(crate) fn svg(rows: &[Row]) -> String {
    let height = TOP + LINE * rows.len() as f64 + 30.0;
    let bottom = height - 30.0;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <title>libvotequorum: ours compared with the original</title>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"12\" y=\"24\" font-size=\"16\" fill=\"#1a1a1a\">Ours / original: 1 is as the original; filled: better, hollow: not</text>\n"
    );
    for (ratio, label) in [
        (0.001, "0.001"),
        (0.01, "0.01"),
        (0.1, "0.1"),
        (0.5, "0.5"),
        (1.0, "1"),
        (2.0, "2"),
        (10.0, "10"),
    ] {
        let at = x(ratio);
        let strong = if label == "1" { "#1a1a1a" } else { "#d0d0d0" };
        let _ = writeln!(
            text,
            "<line x1=\"{at:.1}\" y1=\"{:.1}\" x2=\"{at:.1}\" y2=\"{bottom:.1}\" stroke=\"{strong}\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555555\">{label}</text>",
            TOP - 12.0,
            bottom + 18.0,
        );
    }
    for (line, row) in rows.iter().enumerate() {
        let y = TOP + LINE * (line as f64 + 0.5);
        let (low, middle, high) = (x(row.ratio.low), x(row.ratio.middle), x(row.ratio.high));
        let better = if row.less_is_better() {
            row.ratio.middle <= 1.0
        } else {
            row.ratio.middle >= 1.0
        };
        let fill = if better { "#0b6e4f" } else { "#ffffff" };
        let kind = if row.less_is_better() { "" } else { " (rate)" };
        let _ = writeln!(
            text,
            "<g><title>{what}: {ratio}</title>\
             <text x=\"12\" y=\"{:.1}\" fill=\"#1a1a1a\">{what}{kind}</text>\
             <line x1=\"{low:.1}\" y1=\"{y:.1}\" x2=\"{high:.1}\" y2=\"{y:.1}\" stroke=\"#0b6e4f\" stroke-width=\"3\"/>\
             <circle cx=\"{middle:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"{fill}\" stroke=\"#0b6e4f\" stroke-width=\"2\"/></g>",
            y + 4.5,
            what = escaped(&row.what),
            ratio = row.ratio,
        );
    }
    text.push_str("</svg>\n");
    text
}
