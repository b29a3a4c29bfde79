//! Collects the findings of one file.

use std::ops::RangeInclusive;

use crashpoint_reports::knowledge;
use crashpoint_reports::lint::Finding;

pub type Lines = RangeInclusive<u32>;

/// Nobody reads more of one file.
const MOST: usize = 500;

#[derive(Debug)]
pub struct Findings<'a> {
    file: &'a str,
    list: Vec<Finding>,
}

impl<'a> Findings<'a> {
    pub fn of(file: &'a str) -> Findings<'a> {
        Findings {
            file,
            list: Vec::new(),
        }
    }

    pub fn add(&mut self, rule: &str, lines: &Lines, message: String) {
        self.add_with(rule, lines, message, |_| {});
    }

    /// `precisely` says what this place says better than the knowledge base.
    pub fn add_with(
        &mut self,
        rule: &str,
        lines: &Lines,
        message: String,
        precisely: impl FnOnce(&mut Finding),
    ) {
        debug_assert!(knowledge::mistake(rule).is_some(), "{rule} is not known");
        let Some(mistake) = knowledge::mistake(rule) else {
            return;
        };
        let mut finding = Finding::of(mistake, self.file, lines.clone(), message);
        precisely(&mut finding);
        if self.list.len() < MOST && !self.list.contains(&finding) {
            self.list.push(finding);
        }
    }

    pub fn ordered(mut self) -> Vec<Finding> {
        self.list.sort_by_key(|finding| finding.line);
        self.list
    }
}
