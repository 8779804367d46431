//! Places in text files, and how an error shows them to a person.

use std::fmt;

/// A stretch of one line of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Excerpt {
    /// The file's name, as the user gave it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// How many characters are meant, at least 1.
    pub width: usize,
    /// The whole line.
    pub text: String,
}

impl Excerpt {
    /// The place of a range of bytes in a text. A range over several lines is cut at the first
    /// line's end; one beyond the text means the end of its last line.
    #[must_use]
    pub fn of_span(file: &str, text: &str, span: std::ops::Range<usize>) -> Self {
        let start = floor_char_boundary(text, span.start);
        let end = floor_char_boundary(text, span.end).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..]
            .find('\n')
            .map_or(text.len(), |newline| start + newline);
        let width = text[start..end.min(line_end)].chars().count();
        Excerpt {
            file: file.to_owned(),
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            width: width.max(1),
            text: text[line_start..line_end].trim_end_matches('\r').to_owned(),
        }
    }

    /// The message with file, line, column and the line itself, the place marked with carets.
    ///
    /// ```text
    /// corosync.conf:3:14: not a number
    ///   |
    /// 3 |     two_node: yes
    ///   |               ^^^
    /// ```
    #[must_use]
    pub fn render(&self, message: &dyn fmt::Display) -> String {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        // Tabs stay tabs, so that the carets stand below the text in any terminal.
        let indent: String = self
            .text
            .chars()
            .take(self.column - 1)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let carets = "^".repeat(self.width);
        format!(
            "{self}: {message}\n{gutter} |\n{number} | {}\n{gutter} | {indent}{carets}",
            self.text
        )
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_the_place() {
        let text = "a\n\tkey: yes\nb\n";
        let place = Excerpt::of_span("f.conf", text, 8..11);
        assert_eq!((place.line, place.column, place.width), (2, 7, 3));
        assert_eq!(
            place.render(&"no"),
            "f.conf:2:7: no\n  |\n2 | \tkey: yes\n  | \t     ^^^"
        );
    }

    #[test]
    fn any_span_is_a_place() {
        let text = "ä\nö";
        for start in 0..9 {
            for end in 0..9 {
                let place = Excerpt::of_span("f", text, start..end);
                assert!(place.width >= 1 && place.line >= 1 && place.line <= 2);
            }
        }
    }
}
