//! The page of a report: its style and its script.

use maud::{Markup, html};

use super::super::frame::frame;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

pub fn page(title: &str, body: &Markup) -> String {
    let body = html! {
        a .skip href="#content" { "To the report" }
        main #content { (body) }
        footer { "Made by crashpoint from the run's journal and from nothing else." }
    };
    frame(title, STYLE, Some(SCRIPT), &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_our_own_parts_ends_them_early_or_points_elsewhere() {
        for source in [STYLE, SCRIPT] {
            assert!(!source.contains("</"), "an end tag");
            assert!(
                !source.contains("//"),
                "an address, or a comment to be a block"
            );
            assert!(!source.contains("url("));
        }
    }
}
