//! `sampling-ignored`, `zero-temperature`, `missing-pad-token`: what `generate` is told.

use std::rc::Rc;

use crashpoint_reports::Confidence;

use super::loading::loaded;
use crate::python::call::{Arg, Call};
use crate::python::context::Context;
use crate::python::value::Value;

pub fn check<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    if !is_generate(call) {
        return;
    }
    sampling(context, call);
    padding(context, call);
}

/// Of a model of transformers: others have a method of this name as well.
fn is_generate(call: &Call<'_>) -> bool {
    if call.method() != Some("generate") {
        return false;
    }
    if call.receiver().and_then(loaded).is_some() {
        return true;
    }
    let on = call.on.as_deref().unwrap_or_default();
    let named = on
        .rsplit('.')
        .next()
        .is_some_and(|name| name.ends_with("model"));
    let limits = ["max_new_tokens", "max_length"];
    named && limits.iter().any(|it| call.keyword(it).is_some())
}

fn sampling<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    let sample = call.keyword("do_sample").map(|it| &it.value);
    let temperature = call.keyword("temperature");
    if let (Some(Value::Bool(true)), Some(arg)) = (sample, temperature)
        && arg.value.as_number() == Some(0.0)
    {
        let message = "`temperature` is 0 with `do_sample=True`".to_owned();
        context.report("zero-temperature", arg.range, message);
        return;
    }
    let confidence = match sample {
        Some(Value::Bool(false)) => Confidence::Certain,
        // The model's generation_config.json may say so.
        None if call.lacks_option("do_sample")
            && call.lacks_option("generation_config")
            && !context.facts.sets_do_sample =>
        {
            Confidence::Possible
        }
        _ => return,
    };
    let options = ["temperature", "top_p", "top_k", "min_p"];
    let given = options.iter().filter_map(|name| {
        let arg = call.keyword(name)?;
        let number = arg.value.as_number()?;
        // Whoever writes one of these wants what happens anyway.
        let neutral = number == 0.0 || number == 1.0 || (*name == "top_k" && number == 50.0);
        (!neutral).then_some((*name, number, arg.range))
    });
    let given: Vec<_> = given.collect();
    let Some((_, _, range)) = given.first() else {
        return;
    };
    let names: Vec<String> = given
        .iter()
        .map(|(name, number, _)| format!("`{name}={number}`"))
        .collect();
    let how = match sample {
        Some(_) => "with `do_sample=False`",
        None => "without `do_sample=True`",
    };
    let message = format!("{} {how}", names.join(", "));
    if let Some(finding) = context.report("sampling-ignored", *range, message) {
        finding.confidence = confidence;
    }
}

/// Several inputs at once have to be made as long as each other.
fn padding<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    let says = ["pad_token_id", "generation_config"];
    if context.facts.sets_pad_token || !says.iter().all(|name| call.lacks_option(name)) {
        return;
    }
    let inputs = call.unpacked.iter().chain(&call.args);
    let padded = inputs
        .filter_map(|it| made_by_tokenizer(&it.value))
        .any(|made| {
            made.keyword("padding").is_some_and(pads) && made.args.first().is_some_and(is_several)
        });
    if padded {
        let message = "a padded batch is generated from without `pad_token_id`".to_owned();
        context.report("missing-pad-token", call.range, message);
    }
}

/// The call that made the inputs, whatever was done to them since.
fn made_by_tokenizer<'v, 'a>(value: &'v Value<'a>) -> Option<&'v Call<'a>> {
    let value = match value {
        Value::Part(part) => &part.of,
        value => value,
    };
    let call = value.as_call()?.root();
    let class = call.callee.as_call()?.owner()?;
    (class.contains("Tokenizer") && !class.contains("Processor")).then_some(call)
}

fn pads(arg: &Arg<'_>) -> bool {
    arg.value.is_true() || matches!(arg.value.as_text(), Some("longest" | "max_length"))
}

fn is_several(arg: &Arg<'_>) -> bool {
    match &arg.value {
        Value::List(list) => list.items.len() > 1 || !list.whole,
        _ => arg.said.is_some_and(|name| name.ends_with('s')),
    }
}
