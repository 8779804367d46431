//! A document of which programs write parts.

use std::fs;
use std::path::Path;

/// Puts the text between `<!-- begin NAME -->` and `<!-- end NAME -->`.
pub(crate) fn replace(path: &Path, name: &str, text: &str) {
    let whole = fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let (begin, end) = (
        format!("<!-- begin {name} -->"),
        format!("<!-- end {name} -->"),
    );
    let parts = whole
        .split_once(&begin)
        .and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let Some((before, after)) = parts else {
        panic!("{}: no lines '{begin}' and '{end}'", path.display());
    };
    fs::write(path, format!("{before}{begin}\n{text}{end}{after}"))
        .unwrap_or_else(|why| panic!("{}: {why}", path.display()));
}
