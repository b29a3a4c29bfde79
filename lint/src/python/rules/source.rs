//! `trust-remote-code`, `unpinned-revision`: where a model's code and weights come from.

use std::rc::Rc;

use super::loading::{Loader, model_name};
use crate::python::call::Call;
use crate::python::context::Context;

pub fn check<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    if Loader::of(call).is_none() {
        return;
    }
    if let Some(arg) = call.keyword("trust_remote_code")
        && arg.value.is_true()
    {
        let message = "`trust_remote_code=True`".to_owned();
        context.report("trust-remote-code", arg.range, message);
    }
    let Some(model) = model_name(call).filter(|it| is_of_hub(it)) else {
        return;
    };
    if call.lacks("revision")
        && call.lacks("local_files_only")
        && context.unpinned.insert(model.to_owned())
    {
        let message = format!("{model:?} is loaded without a `revision`");
        context.report("unpinned-revision", call.range, message);
    }
}

/// `org/name`, and not a path that looks like it.
fn is_of_hub(name: &str) -> bool {
    let Some((owner, model)) = name.split_once('/') else {
        return false;
    };
    let word = |part: &str| {
        let letter = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(letter)
    };
    let folders = [
        "models",
        "model",
        "checkpoints",
        "checkpoint",
        "ckpt",
        "ckpts",
        "weights",
        "output",
        "outputs",
        "data",
        "results",
        "path",
        "tmp",
        "saved",
        "pretrained",
    ];
    word(owner) && word(model) && !folders.contains(&owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_no_name_on_the_hub() {
        assert!(is_of_hub("llava-hf/llava-1.5-7b-hf"));
        for path in [
            "gpt2",
            "./model",
            "/srv/model",
            "a/b/c",
            "~/model",
            "models/llava",
            "a/{}",
            "a b/c",
        ] {
            assert!(!is_of_hub(path), "{path}");
        }
    }
}
