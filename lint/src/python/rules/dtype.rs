//! `integer-dtype`, `unknown-dtype`: what a model is told to load its weights as.

use std::rc::Rc;

use super::loading::{Loader, of_model, torch_name};
use crate::python::call::{Arg, Call};
use crate::python::context::Context;

/// Of torch, under every name that it has for them.
const INTEGERS: [&str; 17] = [
    "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "int", "long",
    "short", "qint8", "quint8", "qint32", "int4", "uint4", "bool",
];

const FLOATS: [&str; 10] = [
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "half",
    "float",
    "double",
    "float8_e4m3fn",
    "float8_e5m2",
    "auto",
];

/// What vLLM takes, and nothing else.
const OF_VLLM: [&str; 6] = ["auto", "half", "float16", "bfloat16", "float", "float32"];

pub fn check<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    let Some(loader) = Loader::of(call).filter(|it| *it != Loader::Other) else {
        return;
    };
    for name in ["torch_dtype", "dtype"] {
        if let Some(arg) = of_model(call, name) {
            one(context, name, &arg, loader);
        }
    }
}

fn one<'a>(context: &mut Context<'a>, name: &str, arg: &Arg<'a>, loader: Loader) {
    if let Some(dtype) = torch_name(&arg.value).filter(|it| INTEGERS.contains(it)) {
        let message = format!("`{name}` is torch.{dtype}, an integer type");
        context.report("integer-dtype", arg.range, message);
        return;
    }
    let Some(text) = arg.value.as_text() else {
        return;
    };
    if INTEGERS.contains(&text.trim_start_matches("torch.")) {
        let message = format!("`{name}` is {text:?}, an integer type");
        context.report("integer-dtype", arg.range, message);
        return;
    }
    let taken = match loader {
        Loader::Vllm => OF_VLLM.contains(&text),
        // Newer versions of torch have more of these.
        _ => FLOATS.contains(&text) || text.starts_with("float"),
    };
    if taken {
        return;
    }
    let message = format!("`{name}` is {text:?}, which is no dtype");
    let meant = match text
        .trim_start_matches("torch.")
        .to_ascii_lowercase()
        .as_str()
    {
        "fp16" | "f16" | "float16" | "half" => "float16",
        "bf16" | "bfloat16" => "bfloat16",
        "fp32" | "f32" | "float32" | "full" => "float32",
        _ => "",
    };
    if let Some(finding) = context.report("unknown-dtype", arg.range, message)
        && !meant.is_empty()
    {
        finding.fix = match loader {
            Loader::Vllm => format!("Write `{name}=\"{meant}\"`."),
            _ => format!("Write `{name}=torch.{meant}` or `{name}=\"{meant}\"`."),
        };
    }
}
