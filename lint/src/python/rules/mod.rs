//! The rules, a file each for those that are about one thing: each looks at a call and says whether it
//! is its mistake.

mod dtype;
mod forward;
mod generation;
mod images;
mod loading;
mod max_memory;
mod moved;
mod processor;
mod quantisation;
mod source;
mod vllm;

use std::rc::Rc;

use ruff_text_size::TextRange;

use super::call::Call;
use super::context::Context;
use super::value::Value;
pub use images::is_opened_image;
use loading::Loader;

pub fn call<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    dtype::check(context, call);
    forward::check(context, call);
    generation::check(context, call);
    images::check(context, call);
    max_memory::check(context, call);
    moved::check(context, call);
    processor::check(context, call);
    quantisation::check(context, call);
    source::check(context, call);
    vllm::check(context, call);
}

/// Some rule is about this call, or about what becomes of it.
pub fn matters(call: &Call<'_>) -> bool {
    Loader::of(call).is_some()
        || matches!(call.method(), Some("BitsAndBytesConfig" | "generate"))
        || call.dotted().is_some_and(images::is_open)
        || call.said == Some("processor")
        || call.keyword("max_memory").is_some()
}

/// What a comprehension makes a list of.
pub fn collected<'a>(context: &mut Context<'a>, value: &Value<'a>, range: TextRange) {
    images::kept(context, value, range);
}
