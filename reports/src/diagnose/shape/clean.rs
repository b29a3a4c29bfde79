//! Takes out what a terminal would obey, so that only the text is left.

use std::borrow::Cow;

/// The line without escape sequences, without NUL bytes and without its end. Carriage returns
/// within it stay: they part what was written over from what is seen.
///
/// A NUL stands beside every letter where a log in UTF-16 was read as bytes; without them it is text.
pub fn line(raw: &str) -> Cow<'_, str> {
    let raw = raw.trim_end_matches(['\n', '\r', '\0']);
    let raw = raw.strip_prefix('\u{feff}').unwrap_or(raw);
    if !raw.bytes().any(|byte| matches!(byte, 0x1b | 0 | 0x08)) {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut letters = raw.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\x1b' => skip_sequence(&mut letters),
            '\0' | '\x08' => {}
            letter => text.push(letter),
        }
    }
    // The carriage return before the end of a line in UTF-16.
    text.truncate(text.trim_end_matches('\r').len());
    Cow::Owned(text)
}

/// ECMA-48: what follows an escape character.
fn skip_sequence(letters: &mut std::str::Chars<'_>) {
    match letters.next() {
        // A control sequence ends with a letter or one of the signs around them.
        Some('[') => {
            for letter in letters.by_ref() {
                if ('@'..='~').contains(&letter) {
                    break;
                }
            }
        }
        // A title or a link ends with BEL or with ESC and a backslash.
        Some(']' | 'P' | '_' | '^' | 'X') => {
            let mut escaped = false;
            for letter in letters.by_ref() {
                if letter == '\x07' || (escaped && letter == '\\') {
                    break;
                }
                escaped = letter == '\x1b';
            }
        }
        // Character sets and the like have one letter more.
        Some('(' | ')' | '#' | '%') => {
            letters.next();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn sequences_of_every_kind_are_taken_out() {
        assert_eq!(line("\x1b[1;31mred\x1b[0m\r\n"), "red");
        assert_eq!(line("\x1b]0;title\x07text"), "text");
        assert_eq!(line("\x1b]8;;http://e\x1b\\link\x1b]8;;\x1b\\"), "link");
        assert_eq!(line("\x1b(Bplain"), "plain");
        assert_eq!(line("cut \x1b[31"), "cut ");
        assert_eq!(line("cut \x1b"), "cut ");
    }

    #[test]
    fn text_that_was_written_in_sixteen_bits_can_be_read() {
        assert_eq!(line("\u{feff}e\0r\0r\0o\0r\0\r\0"), "error");
    }

    #[test]
    fn an_ordinary_line_is_not_copied() {
        let plain = line("  nothing to do here\r\n");
        assert_eq!(plain, "  nothing to do here");
        assert!(matches!(plain, std::borrow::Cow::Borrowed(_)));
    }
}
