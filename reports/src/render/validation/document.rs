//! A document of headings, sentences, lists and tables, in Markdown or as a page. Its text is raw:
//! each form escapes it in its own way.

use maud::html;

use super::super::escape::{block, inline, last_lines, plain};
use super::super::html::page;

/// Text within a line is cut here.
const LONGEST: usize = 1500;
const LINES: usize = 20;
/// A command that is cut cannot be pasted.
const COLUMNS: usize = 4000;

pub struct Document {
    pub title: String,
    pub parts: Vec<Part>,
}

pub enum Part {
    Heading(&'static str),
    Sentence(String),
    List(Vec<String>),
    Table {
        head: Vec<&'static str>,
        rows: Vec<Vec<String>>,
    },
    Code(String),
}

impl Document {
    pub fn heading(&mut self, heading: &'static str) {
        self.parts.push(Part::Heading(heading));
    }

    pub fn say(&mut self, sentence: impl Into<String>) {
        self.parts.push(Part::Sentence(sentence.into()));
    }

    pub fn list(&mut self, items: Vec<String>) {
        if !items.is_empty() {
            self.parts.push(Part::List(items));
        }
    }

    pub fn table(&mut self, head: &[&'static str], rows: Vec<Vec<String>>) {
        if !rows.is_empty() {
            self.parts.push(Part::Table {
                head: head.to_vec(),
                rows,
            });
        }
    }

    pub fn code(&mut self, code: impl Into<String>) {
        self.parts.push(Part::Code(code.into()));
    }

    /// Ends in a newline.
    pub fn markdown(&self) -> String {
        let text = |foreign: &str| inline(foreign, LONGEST);
        let mut page = format!("# {}\n", text(&self.title));
        for part in &self.parts {
            page.push('\n');
            match part {
                Part::Heading(heading) => page += &format!("## {heading}\n"),
                Part::Sentence(sentence) => page += &format!("{}\n", text(sentence)),
                Part::List(items) => {
                    for item in items {
                        page += &format!("- {}\n", text(item));
                    }
                }
                Part::Table { head, rows } => {
                    page += &format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
                    for row in rows {
                        let cells: Vec<String> = row.iter().map(|cell| text(cell)).collect();
                        page += &format!("| {} |\n", cells.join(" | "));
                    }
                }
                Part::Code(code) => page += &block(code, LINES, COLUMNS),
            }
        }
        page
    }

    pub fn html(&self) -> String {
        let text = |foreign: &str| plain(foreign, LONGEST);
        let title = text(&self.title);
        let body = html! {
            h1 { (title) }
            @for part in &self.parts {
                @match part {
                    Part::Heading(heading) => { h2 { (heading) } },
                    Part::Sentence(sentence) => { p { (text(sentence)) } },
                    Part::List(items) => { ul { @for item in items { li { (text(item)) } } } },
                    Part::Table { head, rows } => {
                        table {
                            thead { tr { @for cell in head { th scope="col" { (cell) } } } }
                            tbody {
                                @for row in rows {
                                    tr {
                                        @for (n, cell) in row.iter().enumerate() {
                                            @if n == 0 { th scope="row" { (text(cell)) } }
                                            @else { td { (text(cell)) } }
                                        }
                                    }
                                }
                            }
                        }
                    },
                    Part::Code(code) => { pre tabindex="0" { (last_lines(code, LINES, COLUMNS)) } },
                }
            }
        };
        page(&title, &body)
    }
}
