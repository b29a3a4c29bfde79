//! systemd units and drop-ins.

mod access;
mod environment;
mod lasting;
mod program;
mod read;

use super::evidence::{self, Evidence};
use super::finding::Findings;
use super::interpreter;
use super::variable::{self, CUDA, NVIDIA, Variable};
use super::{container, model_size, quantity};
use program::Program;
use read::Unit;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    Yes,
    /// A drop-in: what is missing in it may stand elsewhere.
    No,
}

pub fn lint(text: &str, whole: Whole, findings: &mut Findings<'_>) {
    let unit = read::read(text);
    let programs = program::programs(&unit);
    let mut variables = environment::variables(&unit, findings);
    let of_programs = programs.iter().flat_map(|it| it.variables.iter().cloned());
    variables.extend(of_programs);

    for program in &programs {
        container::lint_command(&program.words, &program.lines, findings);
    }
    let evidence = evidence(&unit, &programs, &variables);
    let because = evidence.as_ref().map(|it| it.because.as_str());
    variable::check(&variables, because, findings);
    variable::contradictions(&variables, findings);
    let from_a_file = !unit.list("Service", "EnvironmentFile").is_empty()
        || !unit.list("Service", "PassEnvironment").is_empty();
    for program in programs.iter().filter(|it| !it.by_a_shell) {
        if let Some(name) = program.words.first() {
            let complete = whole == Whole::Yes && !from_a_file;
            interpreter::check(
                name,
                &program.lines,
                &variables,
                complete,
                because.is_some(),
                findings,
            );
        }
    }
    lasting::start_limit(&unit, findings);
    outside(&programs, &variables, findings);
    let Some(evidence) = evidence else {
        return;
    };
    access::check(&unit, &evidence, findings);
    lasting::check(&unit, &evidence, findings);
    memory(&unit, &programs, &evidence, whole, findings);
    if whole == Whole::Yes && !from_a_file {
        devices(&programs, &variables, &evidence, findings);
    }
}

/// A container's client uses no GPU itself.
fn evidence(unit: &Unit, programs: &[Program], variables: &[Variable]) -> Option<Evidence> {
    if programs.iter().any(|it| it.is_container_client()) {
        return None;
    }
    let folder = unit.service("WorkingDirectory").map(|it| it.value.as_str());
    let served = programs
        .iter()
        .find_map(|it| evidence::of_command(&it.words, folder));
    let device = || {
        let allowed = unit.list("Service", "DeviceAllow");
        let named = allowed.iter().find(|it| it.value.contains("nvidia"))?;
        Some(Evidence {
            because: format!("it is allowed {}", named.value),
            strong: true,
            server: None,
        })
    };
    let is_own = || programs.iter().any(|it| it.is_python());
    let named = || {
        let description = unit.one("Unit", "Description").map(|it| it.value.as_str());
        let scripts = programs.iter().flat_map(|it| it.words.iter().take(4));
        description
            .into_iter()
            .chain(folder)
            .chain(scripts.map(String::as_str))
            .find_map(evidence::of_name)
    };
    served
        .or_else(|| evidence::of_variables(variables))
        .or_else(device)
        .or_else(|| is_own().then(named).flatten())
}

/// A container gets its own variables, and none of its client's.
fn outside(programs: &[Program], variables: &[Variable], findings: &mut Findings<'_>) {
    let Some(client) = programs.iter().find(|it| it.runs_a_container()) else {
        return;
    };
    let chosen = variables
        .iter()
        .filter(|it| it.name == CUDA || it.name == NVIDIA);
    for variable in chosen {
        let name = &variable.name;
        let handed_on = |word: &String| word.contains(name.as_str()) || word.contains("--env-file");
        if !client.words.iter().any(handed_on) {
            let message = format!(
                "{name} is set for the container's client, and the container does not get it"
            );
            findings.add("environment-outside", &variable.lines, message);
        }
    }
}

fn devices(
    programs: &[Program],
    variables: &[Variable],
    evidence: &Evidence,
    findings: &mut Findings<'_>,
) {
    let chosen = [
        "CUDA_VISIBLE_DEVICES",
        "NVIDIA_VISIBLE_DEVICES",
        "HIP_VISIBLE_DEVICES",
        "ROCR_VISIBLE_DEVICES",
    ];
    let by_option = |word: &String| {
        [
            "--gpu",
            "--device",
            "--cuda-device",
            "--tensor-parallel-size",
            "--main-gpu",
        ]
        .iter()
        .any(|it| word.starts_with(it))
    };
    let is_set = variables
        .iter()
        .any(|it| chosen.contains(&it.name.as_str()));
    let Some(program) = programs.first().filter(|_| !is_set) else {
        return;
    };
    if !program.words.iter().any(by_option) && !program.by_a_shell {
        let message = format!("no {CUDA} for a service on a GPU ({})", evidence.because);
        findings.add("cuda-devices-missing", &program.lines, message);
    }
}

/// Less than this holds no process with a CUDA context and PyTorch's libraries.
const LEAST: u64 = 2 << 30;

fn memory(
    unit: &Unit,
    programs: &[Program],
    evidence: &Evidence,
    whole: Whole,
    findings: &mut Findings<'_>,
) {
    let limit = ["MemoryMax", "MemoryLimit"]
        .into_iter()
        .find_map(|key| unit.service(key));
    let Some(limit) = limit else {
        if whole == Whole::Yes
            && unit.service("MemoryHigh").is_none()
            && unit.service("Slice").is_none()
            && let Some(program) = programs.first()
        {
            let message = format!(
                "no MemoryMax= for a service on a GPU ({})",
                evidence.because
            );
            findings.add("memory-limit-missing", &program.lines, message);
        }
        return;
    };
    let Some(bytes) = quantity::binary(&limit.value) else {
        return;
    };
    let words: Vec<String> = programs
        .iter()
        .flat_map(|it| it.words.iter().cloned())
        .collect();
    let found = model_size::judge(bytes, LEAST, &words);
    if let Some(why) = found {
        let message = format!("{}={}: {why}", limit.key, limit.value);
        findings.add("memory-limit-low", &limit.lines, message);
    }
}
