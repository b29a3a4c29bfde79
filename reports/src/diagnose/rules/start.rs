//! The program did not start, or the loader could not complete it.

use super::{Bundle, Evidence, unknown};
use crate::verdict::{Class, Confidence, Verdict};

pub fn spawn_error(bundle: &Bundle<'_>) -> Option<Verdict> {
    let text = bundle.spawn_error?;
    let says = |any_of: &[&str]| any_of.iter().any(|phrase| text.contains(phrase));
    let seen = vec![Evidence::new("spawn", text)];
    Some(if says(&["Permission denied", "os error 13", "EACCES"]) {
        Verdict::new(Class::PermissionDenied, Confidence::Certain, seen)
    } else if says(&["shared librar", "ld-linux", "interpreter"]) {
        Verdict::new(Class::LibraryMissing, Confidence::Likely, seen)
    } else {
        unknown(
            seen,
            "whether the program's file and the interpreter in its first line exist, and what PATH was",
        )
    })
}

/// What the dynamic loader writes before the program itself runs.
pub fn loader(bundle: &Bundle<'_>) -> Option<Verdict> {
    let missing = bundle.stderr_line(&["error while loading shared libraries:"]);
    let mismatch = bundle.stderr_line(&["symbol lookup error:"]);
    let (class, line) = match (missing, mismatch) {
        (Some(line), _) if line.contains("No such file or directory") => {
            (Class::LibraryMissing, line)
        }
        (_, Some(line)) => (Class::LibraryMismatch, line),
        _ => return None,
    };
    // The loader ends with 127; the same words in a program that went on prove nothing.
    let code = bundle.ending.and_then(|ending| ending.code);
    let confidence = match code {
        Some(127) => Confidence::Likely,
        _ => Confidence::Possible,
    };
    Some(Verdict::new(
        class,
        confidence,
        vec![Evidence::new("stderr", line)],
    ))
}
