//! What the cases of a run are run by and on: which worker, which device, and why these.

mod choose;
mod found;
mod several;
mod visible;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crashpoint_probes::gpu::{self, Client, Outcome, Question, Reply};
use crashpoint_reports::environment::{self, GpuFacts};
use crashpoint_scenarios::worker::CUDA;

use crate::executable::this_executable;
use crate::failure::Failure;
use choose::{Here, choose};
use found::{Found, built_with};
pub use several::parse as devices;

/// A driver that takes longer than this to name its GPUs is not waited for.
const NAMING: Duration = Duration::from_secs(5);

/// How CUDA numbers GPUs.
const ORDER: &str = "CUDA_DEVICE_ORDER";
const BY_PCI: &str = "PCI_BUS_ID";

pub const AUTO: &str = "auto";
pub const CPU: &str = "cpu";

/// Decided once, before anything is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunsOn {
    /// `cpu` or `cuda:N`, as the user counts.
    pub label: String,
    /// As the worker is told: where it sees one GPU alone, that is the first.
    pub device: String,
    device_because: String,
    /// The UUID of the only GPU that is shown to it.
    only: Option<String>,
    worker: Worker,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Worker {
    /// `None`: the one that is built in.
    path: Option<PathBuf>,
    features: Vec<String>,
    because: String,
}

impl RunsOn {
    /// The program and its arguments; `executable` is this one.
    pub fn worker(&self, executable: &Path) -> (OsString, Vec<OsString>) {
        match &self.worker.path {
            Some(worker) => (worker.into(), Vec::new()),
            None => (executable.into(), vec!["worker".into()]),
        }
    }

    pub fn is_gpu(&self) -> bool {
        self.device != CPU
    }

    /// Whether the worker can be asked to try the device.
    pub fn can_check(&self) -> bool {
        self.worker.features.iter().any(|it| it == CUDA)
    }

    /// What is set for everything that is run on the device: it is to be the one that nvidia-smi gives
    /// this number, and not the fastest.
    pub fn variables(&self) -> Vec<(OsString, OsString)> {
        if let Some(uuid) = &self.only {
            return vec![(visible::VARIABLE.into(), uuid.into())];
        }
        if self.is_gpu() && std::env::var_os(ORDER).is_none() {
            vec![(ORDER.into(), BY_PCI.into())]
        } else {
            Vec::new()
        }
    }

    /// The GPU, where its number says which it is.
    pub fn uuid(&self, facts: &GpuFacts) -> Option<String> {
        if self.only.is_some() {
            return self.only.clone();
        }
        let number: usize = self.device.strip_prefix("cuda:")?.parse().ok()?;
        let hidden = std::env::var(visible::VARIABLE).ok();
        let gpus = visible::visible(&facts.gpus, hidden.as_deref());
        let by_pci = std::env::var_os(ORDER).is_none_or(|it| it == BY_PCI);
        let gpu = gpus.get(number).filter(|_| by_pci || gpus.len() == 1)?;
        Some(gpu.uuid.clone())
    }

    pub fn facts(&self) -> environment::RunsOn {
        let path = self.worker.path.as_ref();
        environment::RunsOn {
            device: self.label.clone(),
            device_because: self.device_because.clone(),
            worker: path.map_or_else(|| "built in".to_owned(), |it| it.display().to_string()),
            worker_features: self.worker.features.clone(),
            worker_because: self.worker.because.clone(),
        }
    }
}

/// One for each of these devices, whose workers see nothing but theirs.
pub fn decide_all(devices: &str, worker: Option<&Path>) -> Result<Vec<RunsOn>, Failure> {
    let chosen = decide("cuda:0", worker)?;
    let executable = executable()?;
    let facts = gpus(&executable)
        .map_err(|because| Failure::unfit(format!("--devices: there is no GPU: {because}")))?;
    let wanted = several::wanted(devices, &facts.gpus).map_err(Failure::usage)?;
    let each = wanted.into_iter().map(|(label, uuid)| RunsOn {
        label,
        device_because: "--devices".to_owned(),
        only: Some(uuid),
        ..chosen.clone()
    });
    Ok(each.collect())
}

fn executable() -> Result<PathBuf, Failure> {
    this_executable()
        .map_err(|error| Failure::harness(format!("failed to find its own executable: {error}")))
}

/// By what was asked for and what there is here.
pub fn decide(device: &str, worker: Option<&Path>) -> Result<RunsOn, Failure> {
    if let Some(worker) = worker.filter(|worker| !worker.is_file()) {
        return Err(Failure::usage(format!(
            "there is no worker {}: build it or correct --worker",
            worker.display()
        )));
    }
    let executable = executable()?;
    let path = std::env::var_os("PATH");
    let here = Here {
        candidates: &|| Found::candidates(&executable, path.as_deref()),
        built_with: &built_with,
        gpus: &|| gpus(&executable),
    };
    Ok(choose(device, worker, &here))
}

/// Those that this process may use, or why there are none.
fn gpus(executable: &Path) -> Result<GpuFacts, String> {
    let probe = gpu::Command {
        program: executable.to_owned(),
        args: vec!["probe".into()],
    };
    let mut facts = match Client::new(probe).ask(Question::Facts {}, NAMING) {
        Outcome::Reply(Reply::Facts(facts)) => facts,
        Outcome::Reply(Reply::Error { message }) => return Err(message),
        Outcome::Reply(_) => return Err("the GPU probe gave no facts".to_owned()),
        Outcome::Silent => return Err("the GPU's driver does not answer".to_owned()),
        Outcome::Ended { because } | Outcome::Absent { because } => return Err(because),
    };
    let hidden = std::env::var(visible::VARIABLE).ok();
    facts.gpus = visible::visible(&facts.gpus, hidden.as_deref());
    match (facts.gpus.is_empty(), hidden) {
        (false, _) => Ok(facts),
        (true, Some(value)) => Err(format!("{} is {value:?}", visible::VARIABLE)),
        (true, None) => Err("the driver names no GPU".to_owned()),
    }
}
