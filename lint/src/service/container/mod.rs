//! Containers, whoever starts them: a compose file, Kubernetes, a `docker run` in a script or unit.

mod compose;
mod docker_run;
mod kubernetes;

use super::devices::{self, Selection};
use super::evidence::{self, Evidence};
use super::finding::{Findings, Lines};
use super::variable::{self, CUDA, NVIDIA, Variable};
use super::{model_size, quantity, yaml};

pub use docker_run::lint_command;

#[derive(Debug)]
pub struct Container {
    pub by: By,
    /// Where what is missing would belong.
    pub lines: Lines,
    pub image: Option<String>,
    pub command: Vec<String>,
    pub variables: Vec<Variable>,
    pub gpus: Gpus,
    pub shared_memory: Shared,
    pub memory: Option<(u64, Lines)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Compose,
    Kubernetes,
    Docker,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gpus {
    None,
    All,
    Count(u64),
    /// By name: within the container they are counted from 0.
    Named(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shared {
    /// 64 MB.
    Default,
    Size(u64, Lines),
    /// The host's, or as large as memory allows, or not to be seen from here.
    Large,
}

/// So many containers, and variables of one, are looked at: no person writes more, but aliases can.
const MOST: usize = 256;

/// A template is left alone: what it becomes is not written in it.
pub fn lint_yaml(text: &str, findings: &mut Findings<'_>) {
    if ["{{", "{%"].iter().any(|it| text.contains(it)) {
        return;
    }
    for document in yaml::documents(text).iter().take(MOST) {
        let is_object = document.get("apiVersion").is_some() && document.get("kind").is_some();
        let containers = match is_object {
            true => kubernetes::containers(document, findings),
            false => compose::containers(document, findings),
        };
        for container in containers {
            check(&container, findings);
        }
    }
}

fn check(container: &Container, findings: &mut Findings<'_>) {
    let image = container.image.as_deref().unwrap_or_default();
    let served = evidence::of_command(&container.command, None);
    let evidence = served
        .clone()
        .or_else(|| evidence::of_image(image))
        .or_else(|| evidence::of_variables(&container.variables));
    let asked = match container.gpus {
        Gpus::None => None,
        _ => Some("it asks for a GPU"),
    };
    let because = evidence
        .as_ref()
        .filter(|it| it.strong)
        .map(|it| it.because.as_str());
    variable::check(&container.variables, asked.or(because), findings);
    beyond(container, findings);
    request(container, evidence.as_ref(), findings);
    let server = served
        .or_else(|| evidence::of_image(image))
        .and_then(|it| it.server);
    if let Some(server) = server {
        shared(container, server, findings);
    }
    if evidence.is_some() || asked.is_some() {
        memory(container, evidence.as_ref(), findings);
    }
}

/// Within a container the GPUs that it was given are counted from 0.
fn beyond(container: &Container, findings: &mut Findings<'_>) {
    let by_variable = || {
        let named = variable::last(&container.variables, NVIDIA).filter(|it| it.literal)?;
        let list: Vec<String> = named
            .value
            .split(',')
            .map(|it| it.trim().to_owned())
            .collect();
        let all = list
            .iter()
            .any(|it| matches!(it.as_str(), "all" | "" | "void" | "none"));
        (!all).then_some(list.len() as u64)
    };
    let count = match &container.gpus {
        Gpus::Count(count) => Some(*count),
        Gpus::Named(names) => Some(names.len() as u64),
        Gpus::All if container.by != By::Kubernetes => by_variable(),
        _ => None,
    };
    let (Some(count), Some(cuda)) = (count, variable::last(&container.variables, CUDA)) else {
        return;
    };
    if let Selection::Indices(indices) = devices::select(&cuda.value)
        && let Some(beyond) = indices.iter().find(|&&it| u64::from(it) >= count)
        && cuda.literal
    {
        let message = format!(
            "{CUDA}={:?} in a container that is given {count} GPU{}: they are counted from 0 in it, and there is no {beyond}",
            cuda.value,
            if count == 1 { "" } else { "s" }
        );
        findings.add("cuda-devices-beyond", &cuda.lines, message);
    }
}

fn request(container: &Container, evidence: Option<&Evidence>, findings: &mut Findings<'_>) {
    // A variable alone may be for a runtime that hands every container the GPUs.
    let wanted = |it: &&Evidence| it.strong && it.server.is_some();
    let Some(evidence) = evidence
        .filter(wanted)
        .filter(|_| container.gpus == Gpus::None)
    else {
        return;
    };
    let fix = match container.by {
        By::Compose => {
            "deploy:\n  resources:\n    reservations:\n      devices:\n        - driver: nvidia\n          count: 1\n          capabilities: [gpu]"
        }
        By::Kubernetes => "resources:\n  limits:\n    nvidia.com/gpu: 1",
        By::Docker => "docker run --gpus all ...",
    };
    let message = format!(
        "no GPU is asked for, and one is wanted: {}",
        evidence.because
    );
    findings.add_with("gpu-not-requested", &container.lines, message, |it| {
        it.fix = fix.to_owned();
    });
}

/// What several processes of one server pass to each other takes more than the default.
const ENOUGH: u64 = 1 << 30;

fn shared(container: &Container, server: &evidence::Server, findings: &mut Findings<'_>) {
    let Some(spread) = evidence::spread(server, &container.command) else {
        return;
    };
    let (size, lines) = match &container.shared_memory {
        Shared::Large => return,
        Shared::Size(bytes, _) if *bytes >= ENOUGH => return,
        Shared::Size(bytes, lines) => (quantity::gib(*bytes), lines),
        Shared::Default => ("64 MB, the default".to_owned(), &container.lines),
    };
    let fix = match container.by {
        By::Compose => "shm_size: 8gb",
        By::Kubernetes => {
            "volumeMounts:\n  - name: shm\n    mountPath: /dev/shm\nvolumes:\n  - name: shm\n    emptyDir:\n      medium: Memory\n      sizeLimit: 8Gi"
        }
        By::Docker => "docker run --shm-size 8g ...",
    };
    let message = format!(
        "/dev/shm has {size}, and {} is spread over {spread} GPUs",
        server.name
    );
    findings.add_with("shared-memory-small", lines, message, |it| {
        it.fix = fix.to_owned()
    });
}

/// As in a unit: the libraries and the CUDA context alone.
const LEAST: u64 = 2 << 30;

fn memory(container: &Container, evidence: Option<&Evidence>, findings: &mut Findings<'_>) {
    let Some((bytes, lines)) = &container.memory else {
        let what = evidence.map_or("it asks for a GPU", |it| it.because.as_str());
        let fix = match container.by {
            By::Compose => "mem_limit: 24g",
            By::Kubernetes => "resources:\n  limits:\n    memory: 24Gi",
            By::Docker => "docker run --memory 24g ...",
        };
        let message = format!("no limit on the host's memory ({what})");
        findings.add_with("memory-limit-missing", &container.lines, message, |it| {
            it.fix = fix.to_owned()
        });
        return;
    };
    if let Some(why) = model_size::judge(*bytes, LEAST, &container.command) {
        let message = format!("a limit of {}: {why}", quantity::gib(*bytes));
        findings.add("memory-limit-low", lines, message);
    }
}
