//! `images-left-open`, `image-not-rgb`: pictures that are opened one after another.

use std::rc::Rc;

use ruff_text_size::TextRange;

use super::loading::Loader;
use crate::python::call::{Arg, Call};
use crate::python::context::Context;
use crate::python::value::Value;

pub fn check<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    if context.loops == 0 {
        return;
    }
    if call.method() == Some("append")
        && let Some(list) = call.on.as_deref()
        && let Some(arg) = call.args.first()
    {
        let outer = context.scopes.get(list).map(|it| it.loops);
        if outer.is_some_and(|loops| loops < context.loops) {
            kept(context, &arg.value, arg.range);
        }
    }
    not_rgb(context, call);
}

/// In a list that grows.
pub fn kept<'a>(context: &mut Context<'a>, value: &Value<'a>, range: TextRange) {
    if is_opened_image(value) {
        let message = "images are opened and kept in a list, each with its file".to_owned();
        context.report("images-left-open", range, message);
    }
}

/// Opened, and nothing done to it yet.
pub fn is_opened_image(value: &Value<'_>) -> bool {
    value.as_call().is_some_and(|call| {
        let first = call.args.first();
        call.dotted().is_some_and(is_open) && first.is_some_and(|arg| !is_open_already(arg))
    })
}

pub fn is_open(dotted: &str) -> bool {
    matches!(dotted, "PIL.Image.open" | "Image.open")
}

/// A buffer, or a file that somebody else opened and closes.
fn is_open_already(arg: &Arg<'_>) -> bool {
    if let Value::Call(of) = &arg.value {
        return matches!(of.method(), Some("BytesIO" | "open"));
    }
    let said = arg.said.unwrap_or_default();
    ["byte", "buf"].iter().any(|part| said.contains(part))
        || ["file", "raw", "fp", "stream", "f"].contains(&said)
}

/// Given to what does not convert it by itself.
fn not_rgb<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    let Some(maker) = call.callee.as_call() else {
        return;
    };
    if Loader::of(maker) != Some(Loader::Other) {
        return;
    }
    let class = maker.owner().and_then(|it| it.rsplit('.').next());
    if !class.is_some_and(|it| NOT_CONVERTING.contains(&it)) {
        return;
    }
    if let Some(arg) = call.argument("images", 0)
        && is_opened_image(&arg.value)
    {
        let message = "an image is used as it was opened, whatever its mode".to_owned();
        context.report("image-not-rgb", arg.range, message);
    }
}

/// Image processors of transformers whose `do_convert_rgb` is off.
const NOT_CONVERTING: [&str; 10] = [
    "ViTImageProcessor",
    "ViTFeatureExtractor",
    "DeiTImageProcessor",
    "BeitImageProcessor",
    "ConvNextImageProcessor",
    "DetrImageProcessor",
    "YolosImageProcessor",
    "SegformerImageProcessor",
    "DPTImageProcessor",
    "ViTImageProcessorFast",
];
