//! How everything looks, on a light and on a dark ground.

use std::fmt::Write as _;

/// Fills of the rings, light enough for black letters; two neighbours also differ for people who
/// do not see red or green, and every ring has its letter besides.
const FILLS: [&str; 8] = [
    "#8ecbf0", "#f6c15c", "#7fd1ae", "#e7a6c8", "#efe26e", "#a9b8ee", "#f0a07a", "#c6c6c6",
];

/// The classes of a ring.
pub(super) fn ring(group: usize) -> String {
    format!("r{}", group % FILLS.len())
}

const SHEET: &str = "\
text{font:11px 'DejaVu Sans',Verdana,sans-serif;fill:#1b1f24}
.title{font-size:15px;font-weight:bold}
.small{font-size:10.5px;fill:#57606a}
.node{font-weight:bold}
.bar{stroke:#1b1f24;stroke-width:.6}
.in{fill:#111;font-size:10px}
.part{font-size:9px;font-weight:bold}
.halo{stroke-width:3;stroke-linejoin:round;paint-order:stroke}
.ground,.under{fill:#fff}
.blank{stroke:#fff}
.grid{stroke:#d0d7de;stroke-width:.6}
.lane{stroke:#d0d7de;stroke-width:.6}
.none{fill:none;pointer-events:all}
.down{stroke:#57606a;stroke-width:1.2;stroke-dasharray:1 4;stroke-linecap:round}
.no{fill:url(#no)}
.pause{fill:url(#pause)}
.edge{stroke:#1b1f24;stroke-width:1.4;stroke-dasharray:5 3;fill:none}
.call{fill:#0b5cad}
.told{fill:#fff;stroke:#8a3b00;stroke-width:1.5}
.device{stroke:#1b1f24;stroke-width:2.5}
.silent{stroke:#1b1f24;stroke-width:2.5;stroke-dasharray:2 3}
.pin{fill:#1b1f24}
.bad{fill:#b3001b}
.number{fill:#fff;font-size:9.5px;font-weight:bold}
.hair{stroke:#1b1f24;stroke-width:.6;stroke-dasharray:2 3;opacity:.55}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.small{fill:#9da7b3}.in{fill:#111}.number{fill:#0d1117}
.ground,.under{fill:#0d1117}.grid,.lane{stroke:#30363d}.down{stroke:#9da7b3}
.call{fill:#6cb6ff}.told{fill:#0d1117;stroke:#ffab70}.edge{stroke:#e6edf3}.pin{fill:#e6edf3}
.hair{stroke:#e6edf3}.blank{stroke:#0d1117}.bad{fill:#ff7b86}}
";

/// Style sheet and patterns.
pub(super) fn head() -> String {
    let mut head = format!("<style>\n{SHEET}");
    for (number, fill) in FILLS.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = writeln!(head, ".r{number}{{fill:{fill}}}.h{number}{{stroke:{fill}}}");
    }
    head += "</style>\n<defs>\n\
        <pattern id=\"no\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" \
        patternTransform=\"rotate(45)\"><rect width=\"7\" height=\"7\" fill=\"#fff\" \
        fill-opacity=\".55\"/><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"7\" stroke=\"#1b1f24\" \
        stroke-width=\"3\" stroke-opacity=\".75\"/></pattern>\n\
        <pattern id=\"pause\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
        <line x1=\"2\" y1=\"0\" x2=\"2\" y2=\"6\" stroke=\"#1b1f24\" stroke-width=\"1.5\"/>\
        </pattern>\n</defs>\n";
    head
}
