//! Which calls load a model, and what was said of it there.

use std::rc::Rc;

use crate::python::call::{Arg, Call, is_of};
use crate::python::value::Value;

/// Who takes the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loader {
    /// `from_pretrained` of a model's class of transformers, or of one that is derived from it.
    Model,
    /// `from_pretrained` of a tokenizer, a processor, a configuration.
    Other,
    /// transformers' `pipeline`.
    Pipeline,
    /// vLLM's `LLM`.
    Vllm,
}

/// Packages with a method of this name and arguments of their own.
const ELSEWHERE: [&str; 17] = [
    "unsloth",
    "ipex_llm",
    "bigdl",
    "intel_extension_for_transformers",
    "neural_compressor",
    "gptqmodel",
    "hqq",
    "auto_round",
    "diffusers",
    "timm",
    "auto_gptq",
    "awq",
    "sentence_transformers",
    "optimum",
    "ctransformers",
    "peft",
    "__main__",
];

impl Loader {
    pub fn of(call: &Call<'_>) -> Option<Loader> {
        let dotted = call.dotted()?;
        if is_of(dotted, "transformers", "pipeline") {
            return Some(Loader::Pipeline);
        }
        if is_of(dotted, "vllm", "LLM") {
            return Some(Loader::Vllm);
        }
        if call.method() != Some("from_pretrained") {
            return None;
        }
        let owner = call.owner()?;
        if ELSEWHERE.contains(&owner.split('.').next()?) {
            return None;
        }
        let class = owner.rsplit('.').next()?;
        let other = [
            "Tokenizer",
            "TokenizerFast",
            "Processor",
            "ProcessorFast",
            "Config",
            "Extractor",
        ];
        if other.iter().any(|end| class.ends_with(end)) {
            return Some(Loader::Other);
        }
        // What another package calls a model may take other arguments; what is named for its task is
        // derived from a class of transformers: LlavaLlamaForCausalLM.
        let named = class.contains("For")
            || class.starts_with("AutoModel")
            || owner.starts_with("transformers.") && class.ends_with("Model");
        named.then_some(Loader::Model)
    }
}

/// An argument of the model, also where a pipeline hands it on.
pub fn of_model<'a>(call: &Call<'a>, name: &str) -> Option<Arg<'a>> {
    if let Some(arg) = call.keyword(name) {
        return Some(arg.clone());
    }
    let handed_on = call.keyword("model_kwargs")?;
    let dict = handed_on.value.as_dict()?;
    let mut named = dict.entries.iter().rev();
    let entry = named.find(|it| it.key.as_text() == Some(name))?;
    Some(Arg {
        value: entry.value.clone(),
        said: None,
        range: entry.range,
    })
}

/// `torch.float16` as `float16`, whatever torch is called here.
pub fn torch_name<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    let (module, name) = value.as_name()?.rsplit_once('.')?;
    (module == "torch").then_some(name)
}

/// The call that loaded this model, whatever was done to it since that leaves it the same model.
pub fn loaded<'v, 'a>(value: &'v Value<'a>) -> Option<&'v Rc<Call<'a>>> {
    let mut call = value.as_call()?;
    loop {
        if Loader::of(call) == Some(Loader::Model) {
            return Some(call);
        }
        call = match (call.method()?, call.receiver()) {
            (
                "eval" | "to" | "cuda" | "cpu" | "half" | "float" | "bfloat16" | "requires_grad_"
                | "train",
                Some(receiver),
            ) => receiver.as_call()?,
            ("compile", None) if call.is_of("torch", "compile") => {
                call.args.first()?.value.as_call()?
            }
            _ => return None,
        };
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bits {
    Eight,
    Four,
}

/// How bitsandbytes quantises the model that this call loads.
pub fn quantised(call: &Call<'_>) -> Option<Bits> {
    let of = |call: &Call<'_>| {
        let is_on = |name| call.keyword(name).is_some_and(|it| it.value.is_true());
        match (is_on("load_in_8bit"), is_on("load_in_4bit")) {
            (true, false) => Some(Bits::Eight),
            (false, true) => Some(Bits::Four),
            _ => None,
        }
    };
    let config = call.keyword("quantization_config");
    match config.and_then(|it| it.value.as_call()) {
        Some(config) if config.is_of("transformers", "BitsAndBytesConfig") => of(config),
        _ => of(call),
    }
}

/// The name or folder of what is loaded, where it is written in the file.
pub fn model_name<'c>(call: &'c Call<'_>) -> Option<&'c str> {
    let arg = match Loader::of(call)? {
        Loader::Pipeline => call.argument("model", 1),
        Loader::Vllm => call.argument("model", 0),
        Loader::Model | Loader::Other => call.argument("pretrained_model_name_or_path", 0),
    };
    arg?.value.as_text()
}
