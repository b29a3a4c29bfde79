//! Makes foreign text harmless: for a terminal, within a line of Markdown, in a block of code.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// One line without anything that a terminal would obey, at most `columns` wide.
pub fn plain(text: &str, columns: usize) -> String {
    let mut line = String::new();
    // Words part at line breaks as they do at blanks.
    for (at, word) in text.split_whitespace().enumerate() {
        if at > 0 {
            line.push(' ');
        }
        line.extend(word.chars().map(visible));
        if line.width() > columns {
            break;
        }
    }
    clip(line, columns)
}

/// Cuts what is too wide, and shows that it did.
pub fn clip(line: String, columns: usize) -> String {
    if line.width() <= columns {
        return line;
    }
    let mut kept = String::new();
    let mut width = 0;
    for letter in line.chars() {
        width += letter.width().unwrap_or(0);
        if width + 1 > columns {
            break;
        }
        kept.push(letter);
    }
    kept.push('…');
    kept
}

/// As [`plain`], with everything escaped that Markdown would take for its own.
pub fn inline(text: &str, columns: usize) -> String {
    let mut escaped = String::new();
    for letter in plain(text, columns).chars() {
        // An at sign would call somebody.
        if matches!(
            letter,
            '\\' | '`'
                | '*'
                | '_'
                | '['
                | ']'
                | '<'
                | '>'
                | '|'
                | '#'
                | '~'
                | '&'
                | '$'
                | '!'
                | '@'
        ) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    // These become links by themselves.
    escaped.replace("://", "\\://").replace("www.", "www\\.")
}

/// The last `lines` lines, each harmless and cut at its width.
pub fn last_lines(text: &str, lines: usize, columns: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    let left_out = all.len().saturating_sub(lines);
    let mut shown = String::new();
    for line in all.iter().skip(left_out) {
        let harmless: String = line.replace('\t', "    ").chars().map(visible).collect();
        shown += &clip(harmless, columns);
        shown.push('\n');
    }
    shown
}

/// A fenced block that its text cannot leave: the last `lines` lines of it.
pub fn block(text: &str, lines: usize, columns: usize) -> String {
    let shown = last_lines(text, lines, columns);
    let longest = shown
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{shown}{fence}\n")
}

/// Nothing obeys it, and it turns nothing round.
pub fn is_harmless(letter: char) -> bool {
    visible(letter) == letter
}

/// The letter, or a picture of it if it would move the cursor, colour the screen or turn the text round.
fn visible(letter: char) -> char {
    match letter {
        // Unicode has a picture for each of the old control characters.
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(letter)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{061c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}'
        // No letters at all, and not allowed in XML.
        | '\u{fffe}'..='\u{ffff}' => '\u{fffd}',
        _ => letter,
    }
}

/// Breaks at blanks, so that no line is wider than `columns`; a word that is wider is clipped.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word: Cow<'_, str> = if word.width() > columns {
            clip(word.to_owned(), columns).into()
        } else {
            word.into()
        };
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= columns => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word.into_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        let hostile = "a\x1b[2J\x1b]0;title\x07b\r\nc\u{202e}d\u{9b}31m\0";
        let shown = plain(hostile, 200);
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        assert_eq!(shown, "a␛[2J␛]0;title␇b c\u{fffd}d\u{fffd}31m␀");
    }

    #[test]
    fn nothing_that_markdown_obeys_gets_through() {
        assert_eq!(
            inline("a|b `c` <img> [x](y) *z* http://e @me", 200),
            "a\\|b \\`c\\` \\<img\\> \\[x\\](y) \\*z\\* http\\://e \\@me"
        );
    }

    #[test]
    fn no_text_can_leave_its_block() {
        let text = "x\n````\n# heading\n\x1b[31m";
        let block = block(text, 10, 80);
        let mut lines = block.lines();
        assert_eq!(lines.next(), Some("`````text"));
        assert_eq!(lines.next_back(), Some("`````"));
        assert!(!block.contains('\x1b'));
    }

    #[test]
    fn what_is_too_long_is_cut_by_width_not_by_letters() {
        assert_eq!(plain("abcdefgh", 5), "abcd…");
        assert_eq!(plain("新聞新聞", 5), "新聞…");
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
    }
}
