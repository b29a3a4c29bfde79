//! `gpu-memory-utilization`: the share of a card that vLLM takes.

use std::rc::Rc;

use super::loading::Loader;
use crate::python::call::Call;
use crate::python::context::Context;

pub fn check<'a>(context: &mut Context<'a>, call: &Rc<Call<'a>>) {
    if Loader::of(call) != Some(Loader::Vllm) {
        return;
    }
    let Some(arg) = call.keyword("gpu_memory_utilization") else {
        return;
    };
    if let Some(share) = arg.value.as_number()
        && !(share > 0.0 && share <= 1.0)
    {
        let message = format!("`gpu_memory_utilization` is {share}");
        context.report("gpu-memory-utilization", arg.range, message);
    }
}
