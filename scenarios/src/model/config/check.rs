//! What a configuration must not say: sizes that would overflow, or do not divide.

use super::Refusal;

/// The largest size that any dimension may claim: a damaged file must not make anything overflow.
const LARGEST: usize = 1 << 24;

pub fn sizes(section: &str, sizes: &[(&str, usize)]) -> Result<(), Refusal> {
    match sizes.iter().find(|(_, size)| !(1..=LARGEST).contains(size)) {
        Some((name, size)) => Refusal::bad(format!("{name} {size} in {section}")),
        None => Ok(()),
    }
}

pub fn layers(section: &str, layers: usize) -> Result<(), Refusal> {
    match layers {
        1..=1000 => Ok(()),
        _ => Refusal::bad(format!("num_hidden_layers {layers} in {section}")),
    }
}

/// Whether `whole` can be shared among so many heads.
pub fn shared(section: &str, whole: usize, heads: usize) -> Result<(), Refusal> {
    match whole.is_multiple_of(heads) {
        true => Ok(()),
        false => Refusal::bad(format!("{whole} shared among {heads} heads in {section}")),
    }
}
