//! `forward-with-gradient`, `gpu-outputs-kept`: what a loop over a model's forward pass gathers up.
//! `generate` switches gradients off by itself, and is no matter of these rules.

use std::rc::Rc;

use super::loading::loaded;
use crate::python::call::Call;
use crate::python::context::Context;
use crate::python::value::Value;

pub fn check<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    if context.loops == 0 {
        return;
    }
    if is_forward(call) {
        gradient(context, call);
    }
    if call.method() == Some("append") {
        kept(context, call);
    }
}

/// A model that is called itself.
fn is_forward(call: &Call<'_>) -> bool {
    loaded(&call.callee).is_some()
}

fn gradient<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    let facts = &context.facts;
    let function = context.function.unwrap_or_default();
    let meant = context.without_gradient
        || facts.trains
        || facts.never_gradients
        || facts.called_without_gradient.contains(function)
        || function.contains("train")
        || call.keyword("labels").is_some();
    if !meant {
        let name = call.said.unwrap_or("model");
        let message = format!("`{name}(...)` in a loop without `torch.no_grad()`");
        context.report("forward-with-gradient", call.range, message);
    }
}

fn kept<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    let Some(list) = call.on.as_deref() else {
        return;
    };
    let grows = context
        .scopes
        .get(list)
        .is_some_and(|it| matches!(it.value, Value::List(_)) && it.loops < context.loops);
    let Some(arg) = call.args.first().filter(|_| grows) else {
        return;
    };
    let Some(forward) = whole_output(&arg.value) else {
        return;
    };
    let on_gpu = loaded(&forward.callee).is_some_and(|load| {
        let chain = forward.callee.as_call().map(|it| it.method());
        load.keyword("device_map").is_some()
            || matches!(chain, Some(Some("to" | "cuda" | "eval" | "half")))
                && is_moved(&forward.callee)
    });
    if on_gpu {
        let message = format!("what the model returns on the GPU is kept in `{list}`");
        context.report("gpu-outputs-kept", call.range, message);
    }
}

/// The forward pass that this is the output of, or a part of it as it is.
fn whole_output<'v, 'a>(value: &'v Value<'a>) -> Option<&'v Rc<Call<'a>>> {
    let mut value = value;
    loop {
        match value {
            // A number, or a step of what comes next.
            Value::Part(part) if part.attribute.as_deref() == Some("loss") => return None,
            Value::Part(part) => value = &part.of,
            Value::Call(call) if is_forward(call) => return Some(call),
            Value::Call(call) if matches!(call.method(), Some("detach" | "clone")) => {
                value = call.receiver()?;
            }
            _ => return None,
        }
    }
}

/// To a GPU, somewhere in the chain.
fn is_moved(model: &Value<'_>) -> bool {
    let mut value = model;
    while let Some(call) = value.as_call() {
        let gpu = match call.method() {
            Some("cuda") => true,
            Some("to") => call.args.first().is_some_and(|arg| {
                let text = arg.value.as_text();
                text.is_some_and(|it| it.starts_with("cuda"))
                    || arg.said.is_some_and(|it| it.ends_with("device"))
            }),
            _ => false,
        };
        if gpu {
            return true;
        }
        let Some(receiver) = call.receiver() else {
            return false;
        };
        value = receiver;
    }
    false
}
