//! `processor-positional`, `image-slots`, `flat-prompt`: what a processor for images and text is given.

use std::rc::Rc;

use ruff_text_size::TextRange;

use super::loading::{Loader, model_name};
use crate::python::call::{Arg, Call};
use crate::python::context::Context;
use crate::python::value::{Dict, Value};

const SLOT: &str = "<image>";
/// How a prompt that is written by hand names who speaks.
const ROLES: [&str; 6] = [
    "USER:",
    "ASSISTANT:",
    "Human:",
    "Assistant:",
    "[INST]",
    "<|im_start|>",
];

pub fn check<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    if !is_processor(call) {
        return;
    }
    let first = call.args.first().filter(|arg| is_text(arg));
    if let Some(first) = first {
        let message = "text is given first, where the images belong".to_owned();
        context.report("processor-positional", first.range, message);
    }
    // Where text and images were taken for each other, the second is the other.
    let text = call.keyword("text").or(first).or_else(|| call.args.get(1));
    let images = call.keyword("images").or_else(|| match first {
        Some(_) => call.args.get(1),
        None => call.args.first(),
    });
    let Some(text) = text else {
        return;
    };
    if let Some(flat) = flat_prompt(&text.value) {
        let shown: String = flat.chars().take(60).collect();
        let message = format!("a prompt with {SLOT} and roles is written by hand: {shown:?}");
        context.report("flat-prompt", text.range, message);
    }
    slots(context, call, text, images);
}

/// Of a model for images and text, and one whose order of arguments is known.
fn is_processor(call: &Call<'_>) -> bool {
    match &call.callee {
        Value::Call(maker) => {
            let class = maker.owner().and_then(|it| it.rsplit('.').next());
            Loader::of(maker) == Some(Loader::Other)
                && match class {
                    Some("AutoProcessor") => is_of_llava(maker) || has_slot(call),
                    Some(class) => class.starts_with("Llava") && class.ends_with("Processor"),
                    None => false,
                }
        }
        // A parameter, or set elsewhere: the prompt itself tells.
        Value::Unknown | Value::Name(_) | Value::Part(_) => {
            let imported = call.dotted().is_some_and(|it| it.starts_with("__main__"));
            call.said == Some("processor") && !imported && has_slot(call)
        }
        _ => false,
    }
}

fn is_of_llava(maker: &Call<'_>) -> bool {
    model_name(maker).is_some_and(|name| name.to_ascii_lowercase().contains("llava"))
}

/// Its text has a place for an image.
fn has_slot(call: &Call<'_>) -> bool {
    let texts = call.keyword("text").into_iter().chain(&call.args);
    texts.into_iter().any(|arg| match &arg.value {
        Value::Text(text) => text.text.contains(SLOT),
        _ => false,
    })
}

fn is_text(arg: &Arg<'_>) -> bool {
    match &arg.value {
        Value::Text(text) => {
            // A file or an address of an image is taken for one.
            text.text.contains(SLOT) || text.text.contains(' ')
        }
        Value::Call(call) => call.method() == Some("apply_chat_template"),
        Value::List(list) => {
            matches!(list.items.first(), Some(Value::Text(text)) if text.text.contains(' '))
        }
        _ => matches!(
            arg.said,
            Some("prompt" | "prompts" | "text" | "texts" | "question")
        ),
    }
}

fn flat_prompt<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    let Value::Text(text) = value else {
        return None;
    };
    let by_hand = ROLES.iter().any(|role| text.text.contains(role));
    (by_hand && text.text.contains(SLOT)).then_some(&text.text)
}

fn slots<'a>(
    context: &mut Context<'a>,
    call: &Rc<Call<'a>>,
    text: &Arg<'a>,
    images: Option<&Arg<'a>>,
) {
    let Some(slots) = slots_of(&text.value) else {
        return;
    };
    let count = match images {
        Some(arg) => match images_of(arg) {
            Some(count) => count,
            None => return,
        },
        None if call.lacks("images") => 0,
        None => return,
    };
    if slots == count || slots == 0 && count == 0 {
        return;
    }
    let places = match slots {
        1 => "1 place for an image".to_owned(),
        slots => format!("{slots} places for images"),
    };
    let given = match count {
        0 => "no image is given".to_owned(),
        1 => "1 image is given".to_owned(),
        count => format!("{count} images are given"),
    };
    let range = TextRange::new(text.range.start(), text.range.end());
    context.report(
        "image-slots",
        range,
        format!("the prompt has {places}, and {given}"),
    );
}

/// `None` where it cannot be counted.
fn slots_of(value: &Value<'_>) -> Option<usize> {
    match value {
        Value::Text(text) if text.whole => Some(text.text.matches(SLOT).count()),
        Value::List(list) if list.whole => {
            let each = list.items.iter().map(slots_of);
            each.sum()
        }
        Value::Call(call) if call.method() == Some("apply_chat_template") => {
            let conversation = call.argument("conversation", 0)?.value.as_list()?;
            if !conversation.whole {
                return None;
            }
            let turns = conversation.items.iter().map(|turn| parts(turn.as_dict()?));
            turns.sum()
        }
        _ => None,
    }
}

/// Of one turn of a conversation.
fn parts(turn: &Dict<'_>) -> Option<usize> {
    match turn.get("content")? {
        Value::Text(_) => Some(0),
        Value::List(list) if list.whole => {
            let images = list.items.iter().map(|part| {
                let kind = part.as_dict()?.get("type")?.as_text()?;
                Some(usize::from(kind.starts_with("image")))
            });
            images.sum()
        }
        _ => None,
    }
}

fn images_of(arg: &Arg<'_>) -> Option<usize> {
    match &arg.value {
        Value::None => Some(0),
        Value::List(list) if list.whole => {
            let nested = list.items.iter().any(|it| matches!(it, Value::List(_)));
            (!nested).then_some(list.items.len())
        }
        value => {
            let made = value.as_call()?.root();
            matches!(
                made.dotted(),
                Some("PIL.Image.open" | "Image.open" | "PIL.Image.new" | "Image.new")
            )
            .then_some(1)
        }
    }
}
