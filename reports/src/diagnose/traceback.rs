//! Finds the exception in a Python traceback: of a chain the first, which is the cause of the rest.

const HEAD: &str = "Traceback (most recent call last):";
/// What Python writes between an exception and the one that came of it.
const LINKS: [&str; 2] = [
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
];

/// The line that names the exception, of the last chain of tracebacks in this text.
pub fn exception(text: &str) -> Option<&str> {
    let mut found = None;
    let mut linked = false;
    let mut inside = false;
    for line in text.lines() {
        if line.trim_end() == HEAD {
            inside = true;
        } else if LINKS.contains(&line.trim()) {
            linked = true;
        } else if inside && !line.is_empty() && !line.starts_with([' ', '\t']) {
            // The frames are indented; the exception is the first line that is not.
            inside = false;
            if !linked || found.is_none() {
                found = Some(line.trim_end());
            }
            linked = false;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_exception_of_a_chain_is_the_cause() {
        let text = "loading\nTraceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    f()\nKeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"a.py\", line 3, in <module>\nRuntimeError: no\n";
        assert_eq!(exception(text), Some("KeyError: 'x'"));
    }

    #[test]
    fn of_two_chains_the_last_ended_the_program() {
        let text = "Traceback (most recent call last):\n  File \"a\"\nValueError: logged\nretrying\nTraceback (most recent call last):\n  File \"a\"\nTypeError: fatal\n";
        assert_eq!(exception(text), Some("TypeError: fatal"));
    }

    #[test]
    fn a_traceback_that_was_cut_off_names_nothing() {
        assert_eq!(
            exception("Traceback (most recent call last):\n  File \"a\""),
            None
        );
        assert_eq!(exception("no such thing"), None);
    }
}
