//! Folders of people become `~`, so that a capture does not say whose it is.

use std::path::Path;

/// Wherever ordinary users' folders lie.
const HOMES: &str = "/home/";

/// The longest of these folders, and every folder below `/home`, is `~`.
pub(super) fn hidden(text: &str, homes: &[String]) -> String {
    let mut shown = String::new();
    let mut left = text;
    let mut before = ' ';
    while let Some(letter) = left.chars().next() {
        let is_start = !before.is_alphanumeric() && !"/._-~".contains(before);
        let length = if is_start { home_at(left, homes) } else { None };
        let taken = match length {
            Some(length) => {
                shown.push('~');
                before = '~';
                length
            }
            None => {
                shown.push(letter);
                before = letter;
                letter.len_utf8()
            }
        };
        left = left.get(taken..).unwrap_or_default();
    }
    shown
}

/// Which of these is nobody's own, and may be shown.
pub(super) fn is_personal(home: &str) -> bool {
    home.starts_with('/') && home != "/root" && Path::new(home).components().count() > 2
}

/// The length of the home that the text begins with.
fn home_at(text: &str, homes: &[String]) -> Option<usize> {
    let ends = |rest: &str| {
        let next = rest.chars().next();
        next.is_none_or(|c| !c.is_alphanumeric() && !"._-".contains(c))
    };
    let known = homes
        .iter()
        .filter(|home| is_personal(home))
        .map(|home| home.trim_end_matches('/'))
        .filter(|home| text.strip_prefix(home).is_some_and(ends))
        .map(str::len);
    let under = text.strip_prefix(HOMES).map(|rest| {
        let end = rest.find(|c: char| "/:\"' ,;)".contains(c));
        HOMES.len() + end.unwrap_or(rest.len())
    });
    known
        .chain(under.filter(|&length| length > HOMES.len()))
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_are_hidden_and_nothing_else_is() {
        let homes = [
            "/srv/people/ann".to_owned(),
            "/root".to_owned(),
            "/".to_owned(),
            "/tmp".to_owned(),
        ];
        for (text, expected) in [
            ("/srv/people/ann", "~"),
            ("/srv/people/ann/x:/srv/people/anna", "~/x:/srv/people/anna"),
            (
                "/home/bob/miniconda3/bin:/usr/bin",
                "~/miniconda3/bin:/usr/bin",
            ),
            ("/mnt/home/bob", "/mnt/home/bob"),
            ("/root/x:/tmp/y:/home/", "/root/x:/tmp/y:/home/"),
            ("größe=/home/bob", "größe=~"),
            ("", ""),
        ] {
            assert_eq!(hidden(text, &homes), expected);
        }
    }
}
