//! `max-memory-unit`, `max-memory-bits`, `max-memory-mixed-units`, `max-memory-above-card`: the budget
//! that accelerate spreads a model's weights by.

use std::rc::Rc;

use super::loading::{Loader, of_model};
use crate::python::call::Call;
use crate::python::context::Context;
use crate::python::value::{Entry, Value};

/// No layer of any model fits into less.
const LEAST: i64 = 1 << 20;

pub fn check<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    let loads = matches!(Loader::of(call), Some(Loader::Model | Loader::Pipeline));
    let spreads = [
        "infer_auto_device_map",
        "get_balanced_memory",
        "load_checkpoint_and_dispatch",
    ];
    if !loads && !spreads.iter().any(|name| call.is_of("accelerate", name)) {
        return;
    }
    let Some(arg) = of_model(call, "max_memory") else {
        return;
    };
    let Some(budget) = arg.value.as_dict() else {
        return;
    };
    for entry in &budget.entries {
        one(context, entry, loads);
    }
    let ends = |end: &str| {
        let texts = budget.entries.iter().filter_map(|it| it.value.as_text());
        texts
            .map(str::to_ascii_uppercase)
            .any(|it| it.ends_with(end))
    };
    if ends("GB") && ends("GIB") {
        let message = "`max_memory` has GB (10^9 bytes) and GiB (2^30) side by side".to_owned();
        context.report("max-memory-mixed-units", arg.range, message);
    }
}

/// What spreads a model may spread one of a few numbers, to try something; what loads one does not.
fn one<'a>(context: &mut Context<'a>, entry: &Entry<'a>, loads: bool) {
    let size = match &entry.value {
        Value::Int(bytes) if (0..LEAST).contains(bytes) => {
            // Nothing at all is a way to keep a card free.
            if *bytes > 0 && loads {
                let message = format!("`max_memory` allows {bytes} bytes");
                context.report("max-memory-unit", entry.range, message);
            }
            return;
        }
        Value::Int(bytes) => *bytes as f64,
        Value::Text(text) if text.whole => match Size::of(&text.text) {
            Some(size) => {
                if size.in_bits {
                    let message = format!("{:?} in `max_memory` counts bits", text.text);
                    context.report("max-memory-bits", entry.range, message);
                }
                size.bytes
            }
            None => {
                let message = format!("{:?} in `max_memory` is no size", text.text);
                context.report("max-memory-unit", entry.range, message);
                return;
            }
        },
        _ => return,
    };
    let card = context.machine.gpu_memory.map(|it| it as f64);
    if let (Value::Int(_), Some(card)) = (&entry.key, card)
        && size > card
    {
        let gib = |bytes: f64| bytes / 2f64.powi(30);
        let message = format!(
            "`max_memory` allows {:.1} GiB on a card of {:.1} GiB",
            gib(size),
            gib(card)
        );
        context.report("max-memory-above-card", entry.range, message);
    }
}

/// As accelerate reads it.
struct Size {
    bytes: f64,
    in_bits: bool,
}

impl Size {
    fn of(text: &str) -> Option<Size> {
        let units = [
            ("GIB", 2f64.powi(30)),
            ("MIB", 2f64.powi(20)),
            ("KIB", 2f64.powi(10)),
            ("GB", 1e9),
            ("MB", 1e6),
            ("KB", 1e3),
        ];
        let upper = text.to_ascii_uppercase();
        let (number, unit, factor) = units
            .iter()
            .find_map(|(unit, factor)| Some((upper.strip_suffix(unit)?, unit, factor)))?;
        let number: f64 = number.trim().parse().ok()?;
        let in_bits = unit.len() == 2 && text.ends_with('b');
        let bytes = number * factor / if in_bits { 8.0 } else { 1.0 };
        Some(Size { bytes, in_bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_accelerate_reads_them() {
        let bytes = |text| Size::of(text).map(|it| it.bytes);
        assert_eq!(bytes("8GB"), Some(8e9));
        assert_eq!(bytes("8GiB"), Some(8.0 * 2f64.powi(30)));
        assert_eq!(bytes("8gib"), Some(8.0 * 2f64.powi(30)));
        assert_eq!(bytes("1.5 MB"), Some(1.5e6));
        assert_eq!(bytes("8gb"), Some(1e9));
        assert!(Size::of("8Gb").is_some_and(|it| it.in_bits));
        assert_eq!(bytes("8"), None);
        assert_eq!(bytes("8G"), None);
        assert_eq!(bytes("GB"), None);
    }
}
