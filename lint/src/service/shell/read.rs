//! A shell script's commands: quotes, comments, here-documents, line ends. Nothing is expanded, and
//! what stands in a substitution is not looked into.

use crate::service::finding::Lines;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    /// Whether nothing is put in by the shell.
    pub literal: bool,
    /// Whether any of it is quoted.
    pub quoted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub words: Vec<Word>,
    pub lines: Lines,
}

impl Command {
    /// The assignments before the program's name: all words, if there is no program.
    pub fn assignments(&self) -> impl Iterator<Item = (&str, &str, &Word)> {
        self.words
            .iter()
            .map_while(|word| assignment(word).map(|(name, value)| (name, value, word)))
    }

    /// The program and its words, without what only prepares it.
    pub fn program(&self) -> Vec<String> {
        let words: Vec<String> = self.words[self.assignments().count()..]
            .iter()
            .map(|word| word.text.clone())
            .collect();
        let before = words
            .iter()
            .take_while(|it| matches!(it.as_str(), "exec" | "nohup" | "sudo" | "time" | "command"))
            .count();
        words[before..].to_vec()
    }
}

/// `NAME=value`.
pub fn assignment(word: &Word) -> Option<(&str, &str)> {
    let (name, value) = word.text.split_once('=')?;
    let is_name = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some((name, value))
}

const RESERVED: [&str; 12] = [
    "if", "then", "else", "elif", "fi", "do", "done", "while", "until", "!", "{", "}",
];

pub fn commands(text: &str) -> Vec<Command> {
    let mut reader = Reader {
        letters: text.chars().collect(),
        at: 0,
        line: 1,
        word: None,
        words: Vec::new(),
        start: 1,
        commands: Vec::new(),
        documents: Vec::new(),
    };
    reader.read();
    reader.commands
}

struct Reader {
    letters: Vec<char>,
    at: usize,
    line: u32,
    word: Option<Word>,
    words: Vec<Word>,
    start: u32,
    commands: Vec<Command>,
    /// The ends of here-documents that begin with the next line, and whether tabs before them count.
    documents: Vec<(String, bool)>,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek(0)?;
        self.at += 1;
        if letter == '\n' {
            self.line += 1;
        }
        Some(letter)
    }

    fn word(&mut self) -> &mut Word {
        if self.words.is_empty() && self.word.is_none() {
            self.start = self.line;
        }
        self.word.get_or_insert_with(|| Word {
            text: String::new(),
            literal: true,
            quoted: false,
        })
    }

    fn push(&mut self, letter: char) {
        self.word().text.push(letter);
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else {
            return;
        };
        let opens = self.words.is_empty() && !word.quoted && RESERVED.contains(&word.text.as_str());
        if !opens {
            self.words.push(word);
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            let words = std::mem::take(&mut self.words);
            let end = match self.peek(0).is_none() && self.letters.last() == Some(&'\n') {
                true => self.line.saturating_sub(1),
                false => self.line,
            };
            self.commands.push(Command {
                words,
                lines: self.start..=end.max(self.start),
            });
        }
    }

    fn read(&mut self) {
        while let Some(letter) = self.peek(0) {
            match letter {
                '\n' => {
                    self.end_command();
                    self.next();
                    self.skip_documents();
                    continue;
                }
                '#' if self.word.is_none() => {
                    while self.peek(0).is_some_and(|it| it != '\n') {
                        self.next();
                    }
                    continue;
                }
                ';' | '&' | '|' | '(' | ')' => self.end_command(),
                '<' | '>' => {
                    self.redirection();
                    continue;
                }
                '\\' => {
                    self.next();
                    match self.next() {
                        Some('\n') | None => {}
                        Some(escaped) => {
                            self.word().quoted = true;
                            self.push(escaped);
                        }
                    }
                    continue;
                }
                '\'' => self.single(),
                '"' => self.double(),
                '$' => self.dollar(),
                '`' => self.backquote(),
                blank if blank.is_whitespace() => self.end_word(),
                other => self.push(other),
            }
            self.next();
        }
        self.end_command();
    }

    /// Leaves the closing quote to be passed.
    fn single(&mut self) {
        self.word().quoted = true;
        self.next();
        while let Some(letter) = self.peek(0).filter(|&it| it != '\'') {
            self.push(letter);
            self.next();
        }
    }

    fn double(&mut self) {
        self.word().quoted = true;
        self.next();
        while let Some(letter) = self.peek(0).filter(|&it| it != '"') {
            match letter {
                '\\' => {
                    self.next();
                    if let Some(escaped) = self.peek(0).filter(|&it| it != '\n') {
                        self.push(escaped);
                    }
                }
                '$' => self.dollar(),
                '`' => self.backquote(),
                other => self.push(other),
            }
            self.next();
        }
    }

    /// A parameter, or a substitution up to its end; leaves its last letter to be passed.
    fn dollar(&mut self) {
        let begins = |it: char| it.is_alphanumeric() || "_@*#?!-".contains(it);
        let (open, close) = match self.peek(1) {
            Some('(') => ('(', ')'),
            Some('{') => ('{', '}'),
            Some('\'' | '"') if self.word.is_none() => return,
            Some(letter) if begins(letter) => {
                self.word().literal = false;
                return self.push('$');
            }
            _ => return self.push('$'),
        };
        self.word().literal = false;
        self.push('$');
        let mut depth = 0_usize;
        let mut quote = None;
        while self.peek(1).is_some() {
            self.next();
            let Some(letter) = self.peek(0) else {
                return;
            };
            self.push(letter);
            match (quote, letter) {
                (_, '\\') if quote != Some('\'') => {
                    self.next();
                }
                (Some(end), it) if it == end => quote = None,
                (None, '\'' | '"') => quote = Some(letter),
                (None, it) if it == open => depth += 1,
                (None, it) if it == close => {
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                _ => {}
            }
        }
    }

    fn backquote(&mut self) {
        self.word().literal = false;
        self.push('`');
        self.next();
        while let Some(letter) = self.peek(0).filter(|&it| it != '`') {
            if letter == '\\' {
                self.next();
            }
            self.next();
        }
    }

    /// The number before it and the file after it are no words of the command.
    fn redirection(&mut self) {
        let number = |it: &Word| it.text.chars().all(|c| c.is_ascii_digit());
        if self.word.as_ref().is_some_and(number) {
            self.word = None;
        }
        self.end_word();
        let before = self.words.len();
        let is_document =
            self.peek(0) == Some('<') && self.peek(1) == Some('<') && self.peek(2) != Some('<');
        while self.peek(0).is_some_and(|it| "<>&|".contains(it)) {
            self.next();
        }
        let strip = is_document && self.peek(0) == Some('-');
        if strip {
            self.next();
        }
        while self.peek(0).is_some_and(|it| it == ' ' || it == '\t') {
            self.next();
        }
        while let Some(letter) = self.peek(0) {
            match letter {
                '\'' => self.single(),
                '"' => self.double(),
                '$' => self.dollar(),
                '`' => self.backquote(),
                '\\' => {
                    self.next();
                    if let Some(escaped) = self.peek(0) {
                        self.push(escaped);
                    }
                }
                it if it.is_whitespace() || ";&|()<>".contains(it) => break,
                other => self.push(other),
            }
            self.next();
        }
        let target = self.word.take();
        self.words.truncate(before);
        if is_document && let Some(target) = target {
            self.documents.push((target.text, strip));
        }
    }

    fn skip_documents(&mut self) {
        for (end, strip) in std::mem::take(&mut self.documents) {
            while self.peek(0).is_some() {
                let mut line = String::new();
                while let Some(letter) = self.next().filter(|&it| it != '\n') {
                    line.push(letter);
                }
                let line = match strip {
                    true => line.trim_start_matches('\t'),
                    false => &line,
                };
                if line == end {
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        commands(text)
            .into_iter()
            .map(|it| it.words.into_iter().map(|word| word.text).collect())
            .collect()
    }

    #[test]
    fn quotes_comments_and_line_ends_are_the_shells() {
        assert_eq!(
            words("a 'b c' \"d \\\"e\" # no\nf\\ g # no \\\nh #i"),
            [vec!["a", "b c", "d \"e"], vec!["f g"], vec!["h"]]
        );
        assert_eq!(
            words("a j#k | l && m & n"),
            [vec!["a", "j#k"], vec!["l"], vec!["m"], vec!["n"]]
        );
        assert_eq!(words("a \\\n  b\nc"), [vec!["a", "b"], vec!["c"]]);
        assert_eq!(words("if true; then a; fi"), [vec!["true"], vec!["a"]]);
        assert_eq!(words("a >log 2>&1 b </dev/null"), [vec!["a", "b"]]);
    }

    #[test]
    fn here_documents_are_not_commands() {
        assert_eq!(
            words("cat <<EOF >x\nexport A=1\nEOF\nb"),
            [vec!["cat"], vec!["b"]]
        );
        assert_eq!(
            words("cat <<-'E' && c\n\tx\n\tE\nb"),
            [vec!["cat"], vec!["c"], vec!["b"]]
        );
        assert_eq!(words("cat <<<word\nb"), [vec!["cat"], vec!["b"]]);
        assert_eq!(words("cat <<EOF\nnever ends"), [vec!["cat"]]);
    }

    #[test]
    fn what_is_put_in_is_not_literal() {
        let first = |text: &str| commands(text)[0].words[0].clone();
        for text in [
            "$A",
            "\"${A:-\"}\"}\"",
            "$(echo \")\" $(b))",
            "`a`",
            "a$(",
            "${",
        ] {
            assert!(!first(text).literal, "{text}");
        }
        for text in ["'$A'", "a\\$A", "$'b'", "a$"] {
            assert!(first(text).literal, "{text}");
        }
    }

    #[test]
    fn lines_are_those_of_the_command() {
        let lines: Vec<_> = commands("a\n\nb \\\n c\nd 'e\nf'\n")
            .into_iter()
            .map(|it| it.lines)
            .collect();
        assert_eq!(lines, [1..=1, 3..=4, 5..=6]);
    }
}
