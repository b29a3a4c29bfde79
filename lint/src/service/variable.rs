//! The variables that a service is given, and the rules that hold wherever they are written.

use crashpoint_reports::lint::Severity;

use super::devices::{self, Selection};
use super::finding::{Findings, Lines};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    pub value: String,
    /// Whether the value is what stands there, with nothing put in by whoever reads it.
    pub literal: bool,
    pub lines: Lines,
}

pub const CUDA: &str = "CUDA_VISIBLE_DEVICES";
pub const NVIDIA: &str = "NVIDIA_VISIBLE_DEVICES";

impl Variable {
    pub fn entries(&self) -> impl Iterator<Item = &str> {
        self.value.split(':').filter(|entry| !entry.is_empty())
    }
}

/// The one that counts: the last.
pub fn last<'a>(variables: &'a [Variable], name: &str) -> Option<&'a Variable> {
    variables.iter().rev().find(|it| it.name == name)
}

/// `uses_gpu`: what else shows that a GPU is wanted.
pub fn check(variables: &[Variable], uses_gpu: Option<&str>, findings: &mut Findings<'_>) {
    for variable in variables.iter().filter(|it| it.literal) {
        match variable.name.as_str() {
            CUDA => devices(variable, uses_gpu, findings),
            "NVIDIA_DRIVER_CAPABILITIES" => capabilities(variable, findings),
            _ => {}
        }
    }
    let libraries = variables.iter().filter(|it| it.name == "LD_LIBRARY_PATH");
    for variable in libraries {
        library_path(variable, findings);
    }
}

/// Two values where only one of them can hold.
pub fn contradictions(variables: &[Variable], findings: &mut Findings<'_>) {
    for (index, variable) in variables.iter().enumerate() {
        if !matches!(variable.name.as_str(), CUDA | NVIDIA | "CUDA_DEVICE_ORDER") {
            continue;
        }
        let later = variables[index + 1..]
            .iter()
            .find(|it| it.name == variable.name);
        if let Some(later) = later.filter(|later| later.value != variable.value) {
            let name = &variable.name;
            let (first, line) = (&variable.value, later.lines.start());
            let message = format!(
                "{name} is {first:?} here and {:?} in line {line}, which holds",
                later.value
            );
            findings.add("cuda-devices-contradict", &variable.lines, message);
        }
    }
}

fn devices(variable: &Variable, uses_gpu: Option<&str>, findings: &mut Findings<'_>) {
    let value = &variable.value;
    match devices::select(value) {
        Selection::Indices(_) | Selection::Names => {}
        Selection::Hidden => {
            if let Some(because) = uses_gpu {
                let message =
                    format!("{CUDA}={value:?} hides every GPU, and one is wanted: {because}");
                findings.add_with("cuda-devices-nothing", &variable.lines, message, |it| {
                    it.severity = Severity::Warning;
                });
            }
        }
        Selection::Nothing { because } => {
            let message = format!("{CUDA}={value:?} selects no GPU: {because}");
            findings.add("cuda-devices-nothing", &variable.lines, message);
        }
        Selection::Cut { kept, because } => {
            let message = format!("of {CUDA}={value:?} only {kept} counts: {because}");
            findings.add("cuda-devices-cut", &variable.lines, message);
        }
    }
}

fn capabilities(variable: &Variable, findings: &mut Findings<'_>) {
    let mut given = variable.value.split(',').map(str::trim);
    if !variable.value.is_empty() && !given.any(|it| matches!(it, "compute" | "all")) {
        let message = format!(
            "NVIDIA_DRIVER_CAPABILITIES={:?} leaves out compute, so that libcuda.so is not in the container",
            variable.value
        );
        findings.add("driver-capabilities", &variable.lines, message);
    }
}

fn library_path(variable: &Variable, findings: &mut Findings<'_>) {
    let entries: Vec<&str> = variable.entries().collect();
    let ends = |entry: &str, name: &str| entry.trim_end_matches('/').ends_with(name);
    for entry in &entries {
        if ends(entry, "/stubs") {
            let message = format!("LD_LIBRARY_PATH holds {entry}, whose libcuda.so is no driver");
            findings.add("library-path-stubs", &variable.lines, message);
        } else if entry.contains("cuda") && ends(entry, "/compat") {
            let message = format!(
                "LD_LIBRARY_PATH holds {entry}, a driver's libraries of another version than the kernel module's"
            );
            findings.add("library-path-compat", &variable.lines, message);
        }
    }
    let of_conda = |entry: &&str| {
        ["conda", "mamba", "miniforge"]
            .iter()
            .any(|it| entry.contains(it))
            && ends(entry, "/lib")
    };
    if let Some(conda) = entries.first().filter(|it| of_conda(it)) {
        let message = format!(
            "LD_LIBRARY_PATH begins with {conda}, for every program that the service starts"
        );
        findings.add("library-path-conda", &variable.lines, message);
    }
}
