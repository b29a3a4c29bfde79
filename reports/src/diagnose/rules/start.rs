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
