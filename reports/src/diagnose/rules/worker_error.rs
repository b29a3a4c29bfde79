//! The worker said itself what was wrong.

use super::{Bundle, Evidence};
use crate::verdict::{Class, Confidence, Verdict};

pub fn typed(bundle: &Bundle<'_>) -> Option<Verdict> {
    let error = bundle.error?;
    let class = error.class?;
    let confidence = match class {
        Class::Unknown => Confidence::None,
        _ if bundle.own_worker => Confidence::Certain,
        // What a program says of itself is a good guess, and still its own.
        _ => Confidence::Likely,
    };
    let evidence = vec![Evidence::new("worker", error.message.clone())];
    Some(Verdict::new(class, confidence, evidence))
}

/// Without a class a refusal is most often the memory plan; a foreign worker may have meant another.
pub fn refused(bundle: &Bundle<'_>) -> Option<Verdict> {
    let error = bundle.error.filter(|error| error.refused)?;
    let evidence = vec![
        Evidence::new("worker", error.message.clone()),
        Evidence::new(
            "worker",
            "the request was turned down before anything was tried",
        ),
    ];
    Some(Verdict::new(
        Class::ConfigMemoryPlan,
        Confidence::Likely,
        evidence,
    ))
}
