//! A Dockerfile's instructions: lines that go on, comments between them, here-documents, the
//! `escape` directive.

use crate::service::finding::Lines;

#[derive(Debug, PartialEq, Eq)]
pub struct Instruction {
    /// In capitals.
    pub name: String,
    /// Without its flags.
    pub rest: String,
    pub lines: Lines,
    /// Whether what it does stands in a here-document, which is left out.
    pub document: bool,
}

pub fn read(text: &str) -> Vec<Instruction> {
    let mut instructions = Vec::new();
    let escape = escape(text);
    let mut lines = text.lines().zip(1_u32..);
    while let Some((line, first)) = lines.next() {
        if is_comment(line) || line.trim().is_empty() {
            continue;
        }
        let mut whole = String::new();
        let mut last = first;
        let mut next = Some((line, first));
        while let Some((line, number)) = next {
            let skipped = number != first && (is_comment(line) || line.trim().is_empty());
            if !skipped {
                last = number;
                match line.trim_end().strip_suffix(escape) {
                    Some(before) => {
                        whole.push_str(before);
                        whole.push('\n');
                    }
                    None => {
                        whole.push_str(line);
                        break;
                    }
                }
            }
            next = lines.next();
        }
        let ends = documents(&whole);
        for end in &ends {
            for (line, number) in lines.by_ref() {
                last = number;
                if line.trim_start_matches('\t') == end {
                    break;
                }
            }
        }
        let whole = whole.trim();
        let (name, rest) = whole.split_once(char::is_whitespace).unwrap_or((whole, ""));
        instructions.push(Instruction {
            name: name.to_ascii_uppercase(),
            rest: without_flags(rest.trim()).to_owned(),
            lines: first..=last,
            document: !ends.is_empty(),
        });
    }
    instructions
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// Directives stand before everything else.
fn escape(text: &str) -> char {
    for line in text.lines() {
        let Some(directive) = line.trim().strip_prefix('#') else {
            break;
        };
        match directive.split_once('=') {
            Some((name, "`")) if name.trim().eq_ignore_ascii_case("escape") => return '`',
            Some(_) => {}
            None => break,
        }
    }
    '\\'
}

/// The ends of the here-documents that an instruction begins.
fn documents(instruction: &str) -> Vec<String> {
    let name = instruction.split_whitespace().next().unwrap_or_default();
    if !["RUN", "COPY", "ADD"]
        .iter()
        .any(|it| name.eq_ignore_ascii_case(it))
    {
        return Vec::new();
    }
    instruction
        .split_whitespace()
        .filter_map(|word| {
            let end = word.strip_prefix("<<")?.trim_start_matches('-');
            let end = end.trim_matches(['"', '\'']);
            let is_name = !end.is_empty() && end.chars().all(|c| c.is_alphanumeric() || c == '_');
            is_name.then(|| end.to_owned())
        })
        .take(16)
        .collect()
}

fn without_flags(mut rest: &str) -> &str {
    while rest.starts_with("--") {
        rest = rest
            .split_once(char::is_whitespace)
            .map_or("", |(_, after)| after.trim_start());
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_may_span_lines_with_comments_between() {
        let read = read(
            "# c\nFROM a AS b\nRUN --mount=type=cache,target=/x a && \\\n# no\n\n  b\ncmd [\"c\"]\n",
        );
        let seen: Vec<_> = read
            .iter()
            .map(|it| (it.name.as_str(), it.lines.clone()))
            .collect();
        assert_eq!(seen, [("FROM", 2..=2), ("RUN", 3..=6), ("CMD", 7..=7)]);
        assert_eq!(read[1].rest, "a && \n  b");
    }

    #[test]
    fn here_documents_are_skipped() {
        let read = read("FROM a\nRUN <<EOF\nENV no=1\nEOF\nENV b=1");
        let seen: Vec<_> = read
            .iter()
            .map(|it| (it.name.as_str(), it.lines.clone()))
            .collect();
        assert_eq!(seen, [("FROM", 1..=1), ("RUN", 2..=4), ("ENV", 5..=5)]);
    }

    #[test]
    fn the_escape_may_be_another() {
        let read = read("# escape=`\nFROM a\nRUN b `\n c\n");
        assert_eq!(read[1].lines, 3..=4);
    }
}
