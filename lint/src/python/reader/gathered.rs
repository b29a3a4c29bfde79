//! What a whole file says of a name that is assigned in one place and used in another: attributes of
//! `self`, names of the module that a function sets, what a function returns.

use std::collections::HashMap;

use ruff_text_size::TextRange;

use crate::python::call::Call;
use crate::python::context::{Context, Facts};
use crate::python::value::Value;

/// Only what is one thing in the whole file is known.
#[derive(Debug, Default)]
pub struct Gathered<'a> {
    /// `None`: it is several things.
    values: HashMap<String, Option<Value<'a>>>,
}

impl<'a> Gathered<'a> {
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.values.get(name)?.as_ref()
    }

    /// `None` stands for what will be set later.
    pub fn add(&mut self, name: String, value: &Value<'a>) {
        if matches!(value, Value::None) {
            return;
        }
        let known = !value.is_unknown();
        let new = known.then(|| value.clone());
        match self.values.get_mut(&name) {
            None => {
                self.values.insert(name, new);
            }
            Some(before) => {
                let same = match (&before, root(value)) {
                    (Some(before), Some(now)) => root(before) == Some(now),
                    _ => false,
                };
                *before = if same { new } else { None };
            }
        }
    }
}

/// Where what it is was made, whatever methods were called on it since.
fn root(value: &Value<'_>) -> Option<TextRange> {
    let mut value = value;
    loop {
        let call = value.as_call()?;
        match call.receiver() {
            Some(receiver) if receiver.as_call().is_some() => value = receiver,
            _ => return Some(call.range),
        }
    }
}

impl Facts {
    pub fn note(&mut self, call: &Call<'_>, context: &Context<'_>) {
        match call.method() {
            Some("backward" | "zero_grad" | "train_on_batch") => self.trains = true,
            Some("Trainer" | "SFTTrainer" | "Seq2SeqTrainer" | "get_peft_model") => {
                self.trains = true;
            }
            Some("set_grad_enabled") => {
                let off = call.argument("mode", 0);
                if off.is_some_and(|it| matches!(it.value, Value::Bool(false))) {
                    self.never_gradients = true;
                }
            }
            Some("requires_grad_") => self.never_gradients = true,
            Some(name) if context.without_gradient => {
                self.called_without_gradient.insert(name.to_owned());
            }
            _ => {}
        }
    }
}
