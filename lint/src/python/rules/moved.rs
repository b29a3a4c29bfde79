//! `quantised-moved`, `device-map-moved`: a model that is put elsewhere after it was put in its place.

use std::rc::Rc;

use crashpoint_reports::Confidence;

use super::loading::{Bits, Loader, loaded, quantised, torch_name};
use crate::python::call::{Arg, Call};
use crate::python::context::Context;
use crate::python::value::Value;

pub fn check<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    if Loader::of(call) == Some(Loader::Pipeline) {
        return pipeline(context, call);
    }
    let Some(method @ ("to" | "cuda" | "half" | "float")) = call.method() else {
        return;
    };
    let Some(load) = call.receiver().and_then(loaded) else {
        return;
    };
    if let Some(bits) = quantised(load) {
        quantised_moved(context, call, method, bits);
    } else if has_device_map(load) && moves(call, method) {
        let message = format!("`.{method}()` on a model that was loaded with `device_map`");
        context.report("device-map-moved", call.range, message);
    }
}

fn quantised_moved<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>, method: &str, bits: Bits) {
    let width = match bits {
        Bits::Eight => "8",
        Bits::Four => "4",
    };
    let (what, confidence) = match method {
        "half" | "float" => (format!(".{method}()"), Confidence::Certain),
        "to" if casts(call) => (".to() with a dtype".to_owned(), Confidence::Certain),
        "cuda" if bits == Bits::Eight => (".cuda()".to_owned(), Confidence::Certain),
        // Newer versions of both libraries take it.
        "to" if bits == Bits::Eight && moves(call, method) => {
            (".to() with a device".to_owned(), Confidence::Likely)
        }
        _ => return,
    };
    let message = format!("`{what}` on a model that is quantised to {width} bits");
    if let Some(finding) = context.report("quantised-moved", call.range, message) {
        finding.confidence = confidence;
    }
}

fn casts(call: &Call<'_>) -> bool {
    let dtype = |arg: &Arg<'_>| {
        torch_name(&arg.value).is_some_and(|name| name.contains("float") || name == "half")
    };
    call.keyword("dtype").is_some() || call.args.iter().any(dtype)
}

/// To a device, and not to another dtype.
fn moves(call: &Call<'_>, method: &str) -> bool {
    if method == "cuda" {
        return true;
    }
    method == "to" && call.argument("device", 0).is_some_and(is_device)
}

fn is_device(arg: &Arg<'_>) -> bool {
    match &arg.value {
        Value::Text(text) => {
            let name = text.text.split(':').next().unwrap_or_default();
            matches!(name, "cuda" | "cpu" | "mps" | "xpu")
        }
        Value::Int(_) => true,
        Value::Call(call) => call.is_of("torch", "device"),
        _ => arg.said.is_some_and(|name| name.ends_with("device")),
    }
}

/// One that may spread the model: on a single device nothing is in the way of a move.
fn has_device_map(load: &Call<'_>) -> bool {
    let map = load.keyword("device_map").map(|it| &it.value);
    match map {
        Some(Value::Text(text)) => {
            ["auto", "balanced", "balanced_low_0", "sequential"].contains(&&*text.text)
        }
        Some(Value::Dict(map)) => map.entries.len() > 1,
        _ => false,
    }
}

fn pipeline<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    let device = call.keyword("device");
    let given = device.filter(|it| is_device(it) && !matches!(it.value, Value::None));
    if let Some(device) = given
        && has_device_map(call)
    {
        let message = "a pipeline gets both `device` and `device_map`".to_owned();
        context.report("device-map-moved", device.range, message);
    }
}
