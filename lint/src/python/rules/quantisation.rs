//! `quantisation-flag`, `unknown-quantisation-parameter`, `eight-and-four-bit`,
//! `four-bit-option-with-eight-bit`: how a model is told to be quantised.

use std::rc::Rc;

use crashpoint_reports::knowledge::bits_and_bytes::PARAMETERS;

use super::loading::{Loader, of_model};
use crate::python::call::Call;
use crate::python::context::Context;

const FLAGS: [&str; 2] = ["load_in_8bit", "load_in_4bit"];

/// At the call alone: what comes back besides the object.
const OF_THE_CALL: &str = "return_unused_kwargs";

pub fn check<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    if call.is_of("transformers", "BitsAndBytesConfig") {
        config(context, call);
    } else if matches!(Loader::of(call), Some(Loader::Model | Loader::Pipeline)) {
        flags(context, call);
    }
}

fn config<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    for keyword in &call.keywords {
        let name: &str = &keyword.name;
        if PARAMETERS.contains(&name) || name == OF_THE_CALL {
            continue;
        }
        let message = format!("BitsAndBytesConfig has no parameter `{name}`");
        if let Some(finding) =
            context.report("unknown-quantisation-parameter", keyword.arg.range, message)
            && let Some(fix) = instead(name)
        {
            finding.fix = fix.to_owned();
        }
    }
    let is_on = |name| call.keyword(name).is_some_and(|it| it.value.is_true());
    let [eight, four] = FLAGS.map(is_on);
    if eight && four {
        both(context, call);
    } else if eight {
        let options = call
            .keywords
            .iter()
            .filter(|it| it.name.starts_with("bnb_4bit_"));
        let known = options.filter(|it| PARAMETERS.contains(&&*it.name));
        let names: Vec<String> = known.map(|it| format!("`{}`", it.name)).collect();
        if !names.is_empty() {
            let message = format!("{} beside `load_in_8bit=True`", names.join(", "));
            context.report("four-bit-option-with-eight-bit", call.range, message);
        }
    }
}

fn both<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    let message = "`load_in_8bit` and `load_in_4bit` are both True".to_owned();
    context.report("eight-and-four-bit", call.range, message);
}

/// What somebody who wrote it wanted.
fn instead(name: &str) -> Option<&'static str> {
    match name {
        "bnb_8bit_compute_dtype" => Some(
            "Leave it out: what 8-bit layers compute in is the model's `dtype`, given to from_pretrained.",
        ),
        "bnb_8bit_use_double_quant" | "bnb_8bit_quant_type" | "bnb_8bit_quant_storage" => {
            Some("Leave it out: only 4-bit loading has this option, as `bnb_4bit_...`.")
        }
        "llm_int8_enable_cpu_offload" => Some("It is `llm_int8_enable_fp32_cpu_offload`."),
        _ => None,
    }
}

fn flags<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    let given = FLAGS.map(|name| of_model(call, name).filter(|it| it.value.is_true()));
    if let [Some(_), Some(_)] = given {
        return both(context, call);
    }
    for (name, arg) in FLAGS.into_iter().zip(given) {
        if let Some(arg) = arg {
            let message = format!("`{name}=True` is given to the loader itself");
            if let Some(finding) = context.report("quantisation-flag", arg.range, message) {
                finding.fix =
                    format!("Pass `quantization_config=BitsAndBytesConfig({name}=True)` instead.");
            }
        }
    }
}
