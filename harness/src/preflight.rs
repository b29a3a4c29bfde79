//! What is known to go wrong, looked for before anything is tried: in the model's folder and, where a
//! GPU is to be used, in this process's own environment. Only small files and headers are read.

use std::path::Path;

use crashpoint_lint::service;
use crashpoint_probes::variables;
use crashpoint_reports::lint::Finding;
use crashpoint_scenarios::preflight;

/// `model`: a folder, if it is in one.
pub fn seen(model: Option<&Path>, on_gpu: bool) -> Vec<Finding> {
    let mut seen = model.map_or_else(Vec::new, |folder| preflight::lint(folder, None));
    if on_gpu {
        seen.extend(environment(std::env::vars()));
    }
    seen
}

/// No value is looked at that a report may not hold.
fn environment(variables: impl Iterator<Item = (String, String)>) -> Vec<Finding> {
    let harmless = variables.filter_map(|(name, value)| {
        let value = variables::shown(&name, &value)?;
        Some((name, value))
    });
    service::environment("the environment", harmless, "the run is to be on one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_that_hides_every_gpu_is_seen() {
        let with = |value: &str| {
            let variable = ("CUDA_VISIBLE_DEVICES".to_owned(), value.to_owned());
            environment([variable].into_iter())
        };
        let hidden = with("-1");
        assert_eq!(hidden.len(), 1, "{hidden:?}");
        assert_eq!(hidden[0].rule, "cuda-devices-nothing");
        assert_eq!(hidden[0].file, "the environment");
        assert_eq!(with("0"), []);
    }
}
