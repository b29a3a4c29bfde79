//! The report as other programs read it.

use super::escape::is_harmless;
use crate::report::Report;

/// Indented, with a newline at its end.
pub fn json(report: &Report) -> String {
    // A report holds nothing that JSON cannot say: its maps have strings for keys.
    harmless(serde_json::to_string_pretty(report).unwrap_or_default())
}

/// Several reports, as one array.
pub fn json_list(reports: &[&Report]) -> String {
    harmless(serde_json::to_string_pretty(reports).unwrap_or_default())
}

/// The same JSON with a newline at its end: what a terminal would obey, and what turns text round, can
/// stand within strings only, and stands there by its number.
fn harmless(text: String) -> String {
    let is_plain = |letter: char| letter == '\n' || is_harmless(letter);
    let mut escaped = String::with_capacity(text.len() + 1);
    if text.chars().all(is_plain) {
        escaped = text;
    } else {
        for letter in text.chars() {
            if is_plain(letter) {
                escaped.push(letter);
                continue;
            }
            for unit in letter.encode_utf16(&mut [0; 2]) {
                escaped += &format!("\\u{unit:04x}");
            }
        }
    }
    escaped.push('\n');
    escaped
}
