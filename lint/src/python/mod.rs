//! Python: from a program's text to what is wrong at its call sites. The text is parsed, never run;
//! values that were assigned earlier in the same file are followed.

mod call;
mod context;
mod depth;
mod reader;
mod rules;
mod scopes;
mod source;
mod value;

use std::path::Path;

use crashpoint_reports::lint::Finding;

use crate::{Machine, Refused};

/// Enough for the deepest text that [`depth`] lets through, in a build without optimisation as well.
const STACK: usize = 64 << 20;

pub fn knows(file: &str, text: &str) -> bool {
    match Path::new(file).extension() {
        Some(extension) => extension == "py" || extension == "pyw",
        None => starts_python(text),
    }
}

/// A script without an ending says what runs it.
fn starts_python(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.starts_with("#!") && first.contains("python")
}

/// Broken text is read as far as it can be.
pub fn lint(file: &str, text: &str, machine: &Machine) -> Result<Vec<Finding>, Refused> {
    if !may_matter(text) {
        return Ok(Vec::new());
    }
    if depth::is_too_deep(text) {
        return Err(Refused::TooDeep);
    }
    // The tree is walked, and given back, by functions that call themselves.
    Ok(stacker::grow(STACK, || {
        let source = source::Source::parse(file, text);
        reader::read(&source, machine)
    }))
}

/// Every rule is about a call of one of these.
fn may_matter(text: &str) -> bool {
    [
        "from_pretrained",
        "pipeline(",
        "LLM(",
        "BitsAndBytesConfig",
        "Image.open",
    ]
    .iter()
    .any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_known_by_its_ending_or_by_what_runs_it() {
        assert!(knows("a/b.py", ""));
        assert!(knows("bin/serve", "#!/usr/bin/env python3\n"));
        assert!(!knows("python.txt", "#!/usr/bin/python"));
        assert!(!knows("serve", "echo python"));
    }
}
