//! Texts of systemd: assignments as `systemctl show` prints them, and files that `EnvironmentFile=` names.

/// `A=1 "B=two words" C=x\x20y`, as systemd quotes and escapes words.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut is_word = false;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            ('\\', _) => {
                is_word = true;
                word.extend(escaped(&mut letters));
            }
            ('"' | '\'', None) => {
                is_word = true;
                quote = Some(letter);
            }
            (letter, Some(open)) if letter == open => quote = None,
            (letter, None) if letter.is_whitespace() => {
                if std::mem::take(&mut is_word) {
                    words.push(std::mem::take(&mut word));
                }
            }
            (letter, _) => {
                is_word = true;
                word.push(letter);
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}

fn escaped(letters: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match letters.next()? {
        'n' => '\n',
        't' => '\t',
        's' => ' ',
        'x' => {
            let digits: String = letters.by_ref().take(2).collect();
            char::from(u8::from_str_radix(&digits, 16).unwrap_or(b'?'))
        }
        other => other,
    })
}

pub(super) fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    (!name.is_empty()).then(|| (name.to_owned(), value.to_owned()))
}

/// systemd.exec(5), EnvironmentFile=: a line each, `#` and `;` begin comments, quotes go, a backslash at the
/// end of a line joins the next.
pub(super) fn environment_file(text: &str) -> Vec<(String, String)> {
    let joined = text.replace("\\\n", "");
    let lines = joined.lines().map(str::trim);
    let told = lines.filter(|line| !line.starts_with(['#', ';']));
    told.filter_map(|line| {
        let (name, value) = assignment(line)?;
        let name = name.trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        let value = value.trim();
        let unquoted = ['"', '\''].into_iter().find_map(|quote| {
            let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
            Some(inner.to_owned())
        });
        Some((
            name.to_owned(),
            unquoted.unwrap_or_else(|| value.to_owned()),
        ))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_apart_as_systemd_does() {
        assert_eq!(
            words(r#"A=1 "B=two words"  'C=a "b"' D=x\x20y E=\"q\" "#),
            ["A=1", "B=two words", "C=a \"b\"", "D=x y", "E=\"q\""]
        );
        for text in ["", "  ", "\\", "\"", "\\x", "\\xé"] {
            let _ = words(text);
        }
    }

    #[test]
    fn an_environment_file_has_a_line_each() {
        let text = "# A=no\n; B=no\nCUDA_VISIBLE_DEVICES=0\n HF_HOME = \"/srv/hf home\"\nLONG=a\\\nb\nnothing\n=x\n";
        let pairs = environment_file(text);
        let expected = [
            ("CUDA_VISIBLE_DEVICES", "0"),
            ("HF_HOME", "/srv/hf home"),
            ("LONG", "ab"),
        ];
        assert_eq!(
            pairs,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }
}
