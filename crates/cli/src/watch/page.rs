//! What `quorate watch` shows, whatever its source.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::widgets::Widget;

/// Lines that events have at least, if the page has room for them at all.
const EVENTS: u16 = 5;

/// What is thought of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mood {
    #[default]
    Plain,
    Good,
    Odd,
    Bad,
    Absent,
}

impl Mood {
    fn style(self) -> Style {
        match self {
            Mood::Plain => Style::new(),
            Mood::Good => Style::new().fg(Color::Green),
            Mood::Odd => Style::new().fg(Color::Yellow),
            Mood::Bad => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
            Mood::Absent => Style::new().add_modifier(Modifier::DIM),
        }
    }
}

/// A node: on a line of its own, and short for where many stand side by side.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) mood: Mood,
    pub(super) line: String,
    pub(super) short: String,
}

/// A page, to be drawn in whatever room there is.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    pub(super) title: String,
    /// The state of the whole, in a few lines.
    pub(super) facts: Vec<(Mood, String)>,
    /// What stands above the nodes' lines.
    pub(super) heading: String,
    pub(super) rows: Vec<Row>,
    /// Oldest first.
    pub(super) events: Vec<String>,
    /// The first row that is shown, if there are too many.
    pub(super) scroll: usize,
    /// What the keys do; nothing on paper.
    pub(super) keys: &'static str,
}

/// Where nodes stand: so many in a column, so many columns.
struct Grid {
    rows: usize,
    columns: usize,
}

impl Page {
    /// Shows that it is not from now.
    pub(super) fn outdated(&mut self, why: &str) {
        self.facts = vec![(Mood::Bad, format!("{why}; trying again"))];
        for row in &mut self.rows {
            row.mood = Mood::Absent;
        }
    }

    /// The height in which everything has room.
    pub(super) fn height(&self) -> u16 {
        let lines = self.facts.len() + self.rows.len() + self.events.len();
        u16::try_from(lines + 6).unwrap_or(u16::MAX)
    }

    /// Rows for nodes on a page of this height.
    fn room(&self, height: u16) -> usize {
        let facts = u16::try_from(self.facts.len()).unwrap_or(u16::MAX);
        // The title, a blank line, the heading, another blank line, the keys.
        let others = facts.saturating_add(5);
        let room = height.saturating_sub(others);
        let events = if room > 2 * EVENTS { EVENTS } else { 0 };
        usize::from(room - events)
    }

    fn grid(&self, area: Rect) -> Grid {
        let rows = self.room(area.height).min(self.rows.len());
        let widest = self.rows.iter().map(|row| row.short.chars().count()).max();
        let width = widest.unwrap_or(0) + 2;
        let columns = (usize::from(area.width) / width).max(1);
        let needed = self.rows.len().div_ceil(rows.max(1));
        Grid {
            rows,
            columns: columns.min(needed.max(1)),
        }
    }

    /// The last row from which on everything fits.
    pub(super) fn last_scroll(&self, area: Rect) -> usize {
        let grid = self.grid(area);
        self.rows.len().saturating_sub(grid.rows * grid.columns)
    }
}

/// Draws lines from top to bottom.
struct Pen<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
    y: u16,
}

impl Pen<'_> {
    fn line(&mut self, text: &str, style: Style) {
        if self.y < self.area.height {
            self.at(0, self.y, text, style);
            self.y += 1;
        }
    }

    fn at(&mut self, x: u16, y: u16, text: &str, style: Style) {
        let room = usize::from(self.area.width.saturating_sub(x));
        if y >= self.area.height || room == 0 {
            return;
        }
        let (x, y) = (self.area.x + x, self.area.y + y);
        self.buffer.set_stringn(x, y, text, room, style);
        if text.chars().count() > room {
            self.buffer[(self.area.right() - 1, y)].set_char('…');
        }
    }
}

impl Widget for &Page {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let mut pen = Pen { buffer, area, y: 0 };
        let reversed = Style::new().add_modifier(Modifier::REVERSED);
        let width = usize::from(area.width);
        pen.line(&format!("{:<width$}", self.title), reversed);
        for (mood, fact) in &self.facts {
            pen.line(fact, mood.style());
        }
        pen.line("", Style::new());
        self.nodes(&mut pen);
        self.latest(&mut pen);
        if !self.keys.is_empty() {
            let last = area.height - 1;
            pen.at(0, last, &format!("{:<width$}", self.keys), reversed);
        }
    }
}

impl Page {
    fn nodes(&self, pen: &mut Pen<'_>) {
        let grid = self.grid(pen.area);
        let bold = Style::new().add_modifier(Modifier::BOLD);
        if grid.columns == 1 && grid.rows == self.rows.len() {
            pen.line(&self.heading, bold);
            for row in &self.rows {
                pen.line(&row.line, row.mood.style());
            }
            return;
        }
        let first = self.scroll.min(self.last_scroll(pen.area));
        let shown = grid.rows * grid.columns;
        let last = (first + shown).min(self.rows.len());
        let heading = match shown < self.rows.len() {
            true => format!("nodes, {} to {last} of {}", first + 1, self.rows.len()),
            false => format!("{} nodes", self.rows.len()),
        };
        pen.line(&heading, bold);
        let width = usize::from(pen.area.width) / grid.columns;
        for (at, row) in self.rows[first..last].iter().enumerate() {
            let x = u16::try_from(at / grid.rows * width).unwrap_or(u16::MAX);
            let y = u16::try_from(at % grid.rows).unwrap_or(u16::MAX);
            pen.at(x, pen.y.saturating_add(y), &row.short, row.mood.style());
        }
        pen.y += u16::try_from(grid.rows).unwrap_or(u16::MAX);
    }

    fn latest(&self, pen: &mut Pen<'_>) {
        let keys = u16::from(!self.keys.is_empty());
        let room = pen.area.height.saturating_sub(pen.y + keys);
        if room < 2 {
            return;
        }
        pen.line("", Style::new());
        let room = usize::from(room - 1);
        let first = self.events.len().saturating_sub(room);
        for event in &self.events[first..] {
            pen.line(event, Style::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(nodes: usize) -> Page {
        let row = |n: usize| Row {
            mood: Mood::Good,
            line: format!("{n:>4} up quorate"),
            short: format!("{n:>4} up"),
        };
        Page {
            title: "title".to_owned(),
            facts: vec![(Mood::Bad, "fact".to_owned())],
            heading: "node".to_owned(),
            rows: (1..=nodes).map(row).collect(),
            events: (1..=20).map(|n| format!("event {n}")).collect(),
            scroll: 0,
            keys: "q quits",
        }
    }

    fn drawn(page: &Page, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        page.render(area, &mut buffer);
        super::super::text(&buffer)
    }

    #[test]
    fn any_page_fits_any_terminal() {
        for nodes in [0, 1, 3, 32, 384, 2000] {
            let mut page = page(nodes);
            for (width, height) in (0..100)
                .step_by(7)
                .flat_map(|w| (0..60).map(move |h| (w, h)))
            {
                page.scroll = usize::from(width) * 50;
                drawn(&page, width, height);
            }
        }
    }

    #[test]
    fn few_have_lines_and_many_stand_side_by_side() {
        let text = drawn(&page(3), 80, 24);
        assert!(text.contains("\n   3 up quorate\n\nevent 6\n"), "{text}");
        assert!(text.ends_with("event 20\nq quits\n"), "{text}");
        let text = drawn(&page(32), 80, 24);
        assert!(text.contains("32 nodes\n   1 up"), "{text}");
        assert!(
            text.contains("  32 up\n") && text.contains("event 20\n"),
            "{text}"
        );
    }

    #[test]
    fn what_does_not_fit_is_scrolled() {
        let mut page = page(384);
        let text = drawn(&page, 80, 24);
        assert!(text.contains("nodes, 1 to 104 of 384"), "{text}");
        page.scroll = usize::MAX;
        let text = drawn(&page, 80, 24);
        assert!(
            text.contains("nodes, 281 to 384 of 384") && text.contains(" 384 up"),
            "{text}"
        );
    }
}
