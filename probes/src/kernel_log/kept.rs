//! The first and the last lines of a log, whatever its length.

use std::collections::VecDeque;

use crashpoint_reports::gathered::KernelLog;

const FIRST: usize = 200;
const LAST: usize = 200;
const LINE_BYTES: usize = 2000;

#[derive(Debug)]
pub struct Kept {
    most_first: usize,
    first: Vec<String>,
    last: VecDeque<String>,
    cut_lines: u64,
    pub lost_some: bool,
}

impl Default for Kept {
    fn default() -> Kept {
        Kept::with_first(FIRST)
    }
}

impl Kept {
    pub fn with_first(most_first: usize) -> Kept {
        Kept {
            most_first,
            first: Vec::new(),
            last: VecDeque::new(),
            cut_lines: 0,
            lost_some: false,
        }
    }

    pub fn take(&mut self, line: &str) {
        let mut end = line.len().min(LINE_BYTES);
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        let line = line.get(..end).unwrap_or_default().to_owned();
        if self.first.len() < self.most_first {
            self.first.push(line);
            return;
        }
        self.last.push_back(line);
        if self.last.len() > LAST {
            self.last.pop_front();
            self.cut_lines += 1;
        }
    }

    pub fn finish(self, source: &str) -> KernelLog {
        let mut lines = self.first;
        lines.extend(self.last);
        KernelLog {
            source: source.to_owned(),
            lines,
            cut_lines: self.cut_lines,
            lost_some: self.lost_some,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_cut_and_counted() {
        let mut kept = Kept::default();
        for n in 0..1000 {
            kept.take(&n.to_string());
        }
        let log = kept.finish("test");
        assert_eq!(log.lines.len(), FIRST + LAST);
        assert_eq!(log.cut_lines, 600);
        assert_eq!(log.lines.first().unwrap(), "0");
        assert_eq!(log.lines.last().unwrap(), "999");
    }

    #[test]
    fn a_line_is_cut_at_a_whole_character() {
        let mut kept = Kept::default();
        kept.take(&"ä".repeat(LINE_BYTES));
        assert_eq!(kept.finish("").lines[0].len(), LINE_BYTES);
    }
}
