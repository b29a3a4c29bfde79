//! How deeply a text is nested, told by its tokens alone before a tree is made of it: never less than
//! the tree's depth, so that no text can use up the stack.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer};

/// Python itself takes 200 brackets and 100 levels of indentation. Long chains of operators are
/// written by programs.
const DEEPEST: usize = 5_000;

pub fn is_too_deep(text: &str) -> bool {
    let mut lexer = lexer::lex(text, Mode::Module);
    let mut levels = Levels::default();
    loop {
        let kind = lexer.next_token();
        if kind == TokenKind::EndOfFile {
            return false;
        }
        levels.token(kind);
        if levels.depth() > DEEPEST {
            return true;
        }
    }
}

/// What is open, each level with what may nest within it.
#[derive(Debug, Default)]
struct Levels {
    /// Of what encloses the present one.
    outer: Vec<Level>,
    /// The sum of their depths.
    outer_depth: usize,
    now: Level,
    indentation: usize,
    starts_line: bool,
}

#[derive(Debug, Default, Clone, Copy)]
struct Level {
    /// Since the last comma: operators, calls, keywords.
    steps: usize,
    /// What a comma does not end.
    lasting: usize,
}

impl Level {
    fn depth(self) -> usize {
        self.steps + self.lasting + 1
    }
}

impl Levels {
    fn depth(&self) -> usize {
        self.outer_depth + self.now.depth() + self.indentation
    }

    fn token(&mut self, kind: TokenKind) {
        let starts_line = std::mem::take(&mut self.starts_line);
        match kind {
            TokenKind::Lpar
            | TokenKind::Lsqb
            | TokenKind::Lbrace
            | TokenKind::FStringStart
            | TokenKind::TStringStart => {
                self.outer_depth += self.now.depth();
                self.outer.push(std::mem::take(&mut self.now));
            }
            TokenKind::Rpar
            | TokenKind::Rsqb
            | TokenKind::Rbrace
            | TokenKind::FStringEnd
            | TokenKind::TStringEnd => {
                if let Some(outer) = self.outer.pop() {
                    self.outer_depth -= outer.depth();
                    self.now = outer;
                    // What was called or indexed may be called or indexed again.
                    self.now.steps += 1;
                }
            }
            TokenKind::Newline => self.end_statement(),
            TokenKind::NonLogicalNewline => self.starts_line = true,
            // Within brackets that were never closed: the parser goes on with a new statement.
            kind if starts_line && starts_statement(kind) => self.end_statement(),
            TokenKind::Indent => self.indentation += 1,
            TokenKind::Dedent => self.indentation = self.indentation.saturating_sub(1),
            TokenKind::Comma => self.now.steps = 0,
            TokenKind::Lambda | TokenKind::Yield => self.now.lasting += 1,
            TokenKind::Comment
            | TokenKind::Name
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::Complex
            | TokenKind::String
            | TokenKind::FStringMiddle
            | TokenKind::TStringMiddle => {}
            _ => self.now.steps += 1,
        }
    }

    fn end_statement(&mut self) {
        self.outer.clear();
        self.outer_depth = 0;
        self.now = Level::default();
    }
}

fn starts_statement(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Def
            | TokenKind::Class
            | TokenKind::Import
            | TokenKind::Return
            | TokenKind::Try
            | TokenKind::While
            | TokenKind::With
            | TokenKind::Raise
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_nests_is_counted() {
        let many = 10_000;
        for text in [
            "[".repeat(many),
            "(".repeat(many) + &")".repeat(many),
            format!("x = {}1", "-".repeat(many)),
            format!("x = {}1", "not ".repeat(many)),
            format!("x = 1{}", " + 1".repeat(many)),
            format!("x = a{}", ".a".repeat(many)),
            format!("x = f{}", "()".repeat(many)),
            format!("x = {}1", "lambda a, b: ".repeat(many)),
            format!("x = {}1", "1 if a else ".repeat(many)),
            "if x: ".repeat(many),
            format!("x = {}", "f'{".repeat(many)),
        ] {
            assert!(is_too_deep(&text), "{}", &text[..20]);
        }
    }

    #[test]
    fn what_is_only_long_is_not_deep() {
        let many = 10_000;
        for text in [
            "f(-1, [2])\n".repeat(many),
            format!("x = [{}]", "-1, a.b(c), ".repeat(many)),
            format!("x = {{{}}}", "'a': -1, ".repeat(many)),
            format!("x = ({})", "'text'\n".repeat(many)),
            "if x:\n    y = 1\nelif z:\n    pass\n".repeat(many),
            "x = f(a,\ndef g():\n    return -1\n".repeat(many),
        ] {
            assert!(!is_too_deep(&text), "{}", &text[..20]);
        }
    }
}
