//! A page of labelled text for a terminal or a pager: wrapped to its width, as long as it needs.

use super::escape::{plain, wrap};

const LABEL: usize = 12;
/// The longest name of a class, and two blanks.
const NAME: usize = 31;
/// Longer lines are hard to read, and shorter ones leave no room beside the labels.
const COLUMNS: std::ops::RangeInclusive<usize> = 40..=100;
/// Of one text, in columns; what is longer is cut.
const MOST: usize = 4000;

pub const BOLD: &str = "1";
const DIM: &str = "2";

#[derive(Debug)]
pub struct Page {
    columns: usize,
    color: bool,
    text: String,
}

impl Page {
    pub fn new(columns: usize, color: bool) -> Page {
        Page {
            columns: columns.clamp(*COLUMNS.start(), *COLUMNS.end()),
            color,
            text: String::new(),
        }
    }

    pub fn finish(self) -> String {
        self.text
    }

    pub fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    pub fn heading(&mut self, style: &str, text: &str) {
        self.blank();
        self.item(style, text);
    }

    /// As a heading, without the blank line before it.
    pub fn item(&mut self, style: &str, text: &str) {
        for line in wrap(&plain(text, MOST), self.columns) {
            let line = self.paint(style, &line);
            self.line(&line);
        }
    }

    /// A paragraph over the whole width.
    pub fn paragraph(&mut self, text: &str) {
        for line in wrap(&plain(text, MOST), self.columns) {
            self.line(&line);
        }
    }

    /// A text beside its label; nothing for an empty one.
    pub fn row(&mut self, label: &str, text: &str) {
        let room = self.columns - LABEL;
        for (at, line) in wrap(&plain(text, MOST), room).iter().enumerate() {
            self.labelled(if at == 0 { label } else { "" }, line);
        }
    }

    /// As a row, with a label of a name's length.
    pub fn wide_row(&mut self, label: &str, text: &str) {
        let room = self.columns.saturating_sub(NAME + 2).max(LABEL);
        for (at, line) in wrap(&plain(text, MOST), room).iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            self.line(&format!("  {label:<NAME$}{line}"));
        }
    }

    /// Several texts under one label, each on a line of its own; their further lines are indented.
    pub fn list<T: AsRef<str>>(&mut self, label: &str, texts: &[T]) {
        let room = self.columns - LABEL - 2;
        for (at, text) in texts.iter().enumerate() {
            for (row, line) in wrap(&plain(text.as_ref(), MOST), room).iter().enumerate() {
                let label = if at == 0 && row == 0 { label } else { "" };
                let indent = if row == 0 { "" } else { "  " };
                self.labelled(label, &format!("{indent}{line}"));
            }
        }
    }

    /// Lines that somebody may want to copy: neither wrapped nor cut.
    pub fn verbatim<T: AsRef<str>>(&mut self, label: &str, lines: &[T]) {
        for (at, line) in lines.iter().enumerate() {
            let line = plain(line.as_ref(), usize::MAX);
            self.labelled(if at == 0 { label } else { "" }, &line);
        }
    }

    fn labelled(&mut self, label: &str, text: &str) {
        let label = self.paint(DIM, &format!("{label:<LABEL$}"));
        self.line(&format!("{label}{text}"));
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.color && !text.trim().is_empty() {
            format!("\x1b[{style}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn no_line_is_wider_than_asked_for_except_what_is_to_be_copied() {
        let mut page = Page::new(50, false);
        page.heading(BOLD, &"word ".repeat(30));
        page.row("label", &"word ".repeat(50));
        page.list("list", &["word ".repeat(20), "新聞 ".repeat(40)]);
        let text = page.finish();
        assert!(text.lines().all(|line| line.width() <= 50), "{text}");
        let mut page = Page::new(50, false);
        page.verbatim("run", &["x".repeat(90)]);
        assert!(page.finish().contains(&"x".repeat(90)));
    }

    #[test]
    fn without_colour_there_is_nothing_but_text() {
        let mut page = Page::new(80, false);
        page.row("evidence", "a\x1b[31mb");
        assert!(!page.finish().contains('\x1b'));
    }
}
