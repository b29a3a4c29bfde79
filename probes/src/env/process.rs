//! One process, from its folder in `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crashpoint_reports::env::{Capture, NOT_FOUND, Section, Subject};

use super::interpreter::{self, Interpreter, Started};
use super::root::Root;
use super::status::{self, Status};
use super::{
    devices, home, identity, limits, loader, mounts, namespaces, packages, programs, variables,
};
use crate::cgroup::{Cgroup, cpu_limit, device_list, process_limit};

/// Of this process. What belongs to crashpoint itself rather than to whoever started it is left out.
pub fn of_this(of: Subject, crashpoint: &str) -> Result<Capture, String> {
    let pid = i32::try_from(std::process::id()).unwrap_or(0);
    let mut seen = Seen::of(pid)?;
    seen.executable = None;
    seen.called = None;
    seen.maps = None;
    Ok(seen.capture(of, crashpoint))
}

/// An error is a sentence.
pub fn of_process(pid: i32, of: Subject, crashpoint: &str) -> Result<Capture, String> {
    Ok(Seen::of(pid)?.capture(of, crashpoint))
}

/// What all else is found out from.
#[derive(Debug)]
pub(super) struct Seen {
    pub root: Root,
    /// Absent where they could not be read.
    pub variables: Option<Vec<(String, String)>>,
    pub executable: Option<PathBuf>,
    pub called: Option<String>,
    pub working: Option<PathBuf>,
    pub status: Status,
    pub maps: Option<String>,
    pub mountinfo: String,
    pub limits: Section,
    pub cgroup: Section,
    pub process: Section,
    pub namespaces: Section,
    pub not_seen: Vec<String>,
}

impl Seen {
    fn of(pid: i32) -> Result<Seen, String> {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        let text = |name: &str| fs::read_to_string(folder.join(name));
        let link = |name: &str| fs::read_link(folder.join(name));
        let Ok(told) = text("status") else {
            return Err(format!("there is no process {pid} that can be seen"));
        };
        let mut not_seen = Vec::new();
        let mut note = |what: &str, error: &std::io::Error| {
            not_seen.push(format!(
                "{what}: {error}; the same user, or root (sudo -E), may"
            ));
        };
        let status = status::from_texts(&told, &text("stat").unwrap_or_default());
        let variables = fs::read(folder.join("environ"))
            .map(|bytes| variables::from_environ(&bytes))
            .inspect_err(|error| note("its variables", error))
            .ok();
        let working = link("cwd")
            .inspect_err(|error| note("its working directory and its files", error))
            .ok();
        let root = match link("root") {
            // Its own root is not entered where it is everybody's: nothing more is to be asked then.
            Ok(root) if root == Path::new("/") && same_mounts(&folder) => Root::at("/"),
            _ => Root::at(folder.join("root")),
        };
        let mut process = status.facts.clone();
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                process.insert(name.to_owned(), value);
            }
        };
        let line = |name: &str| {
            text(name)
                .ok()
                .map(|text| text.trim_matches(['\0', '\n', ' ']).to_owned())
        };
        put(
            "working directory",
            working.as_ref().map(|it| it.display().to_string()),
        );
        put("out of memory score", line("oom_score_adj"));
        put(
            "security label",
            line("attr/current").filter(|label| !label.is_empty()),
        );
        Ok(Seen {
            root,
            variables,
            executable: link("exe").ok(),
            called: called(&fs::read(folder.join("cmdline")).unwrap_or_default()),
            working,
            status,
            maps: text("maps").ok(),
            mountinfo: text("mountinfo").unwrap_or_default(),
            limits: limits::from_text(&text("limits").unwrap_or_default()),
            cgroup: cgroup(pid, &text("cgroup").unwrap_or_default()),
            process,
            namespaces: namespaces::of(&folder),
            not_seen,
        })
    }

    /// With its homes hidden, and values by allowlist.
    pub(super) fn capture(self, of: Subject, crashpoint: &str) -> Capture {
        let own_home = self.status.uid.and_then(identity::home);
        let variable = |name: &str| {
            let mut variables = self.variables.iter().flatten();
            let found = variables.find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        };
        let path = variable("PATH");
        let working = self.working.as_deref();
        let mut capture = Capture::of(of, crashpoint);
        if self.variables.is_some() {
            capture.programs = programs::of(&self.root, path.as_deref(), working);
            let library_path = variable("LD_LIBRARY_PATH");
            capture.libraries = loader::found(&self.root, library_path.as_deref(), working);
            let python = self.python(path.as_deref());
            capture.versions = versions(
                &self.root,
                python.as_ref(),
                variable("PYTHONPATH").as_deref(),
                variable("HOME").as_deref().or(own_home.as_deref()),
            );
            if let Some(python) = python {
                let shown = python.path.display().to_string();
                capture.programs.insert("interpreter".to_owned(), shown);
            }
            let cache = mounts::cache(variable, own_home.as_deref());
            capture.mounts = mounts::of(&self.root, &self.mountinfo, cache.as_deref());
        }
        if let Some(maps) = &self.maps {
            capture.libraries.extend(loader::mapped(maps));
        }
        capture.devices = devices::of(&self.root, &self.status);
        capture.identity = identity::of(&self.status);
        capture.limits = self.limits;
        capture.cgroup = self.cgroup;
        capture.process = self.process;
        capture.namespaces = self.namespaces;
        capture.not_seen = self.not_seen;
        let homes: Vec<String> = [own_home, variable("HOME"), std::env::var("HOME").ok()]
            .into_iter()
            .flatten()
            .collect();
        capture.variables = self.variables.map(variables::taken);
        capture.rewrite(|text| home::hidden(text, &homes));
        capture
    }

    fn python(&self, path: Option<&str>) -> Option<Interpreter> {
        let started = Started {
            executable: self.executable.as_deref(),
            called: self.called.as_deref(),
            path,
            working: self.working.as_deref(),
        };
        let executable = self.executable.as_deref();
        let script = executable.filter(|it| !interpreter::is_python(it));
        script
            .and_then(|program| interpreter::of_script(&self.root, program))
            .or_else(|| interpreter::of(&self.root, &started))
    }
}

/// How a process was called: the first of its words, and none of the others.
fn called(command: &[u8]) -> Option<String> {
    let first = command.split(|byte| *byte == 0).next()?;
    Some(String::from_utf8_lossy(first).into_owned()).filter(|word| !word.is_empty())
}

fn same_mounts(folder: &Path) -> bool {
    let of = |folder: &Path| fs::read_link(folder.join("ns/mnt")).ok();
    let own = of(Path::new("/proc/self"));
    own.is_some() && of(folder) == own
}

fn versions(
    root: &Root,
    python: Option<&Interpreter>,
    python_path: Option<&str>,
    home: Option<&str>,
) -> Section {
    let mut section = Section::new();
    section.insert(
        "driver".to_owned(),
        driver().unwrap_or_else(|| NOT_FOUND.to_owned()),
    );
    let version = python.map(|it| it.version.clone().or_else(|| it.minor.clone()));
    match version {
        None => drop(section.insert("python".to_owned(), NOT_FOUND.to_owned())),
        Some(Some(version)) => drop(section.insert("python".to_owned(), version)),
        // It is there, and its files do not say.
        Some(None) => {}
    }
    if let Some(python) = python {
        section.extend(packages::of(root, python, python_path, home));
    }
    section
}

/// Of the kernel module that is loaded.
fn driver() -> Option<String> {
    let text = fs::read_to_string("/proc/driver/nvidia/version").ok()?;
    crate::driver::version(&text)
}

fn cgroup(pid: i32, membership: &str) -> Section {
    let none = || "no limit".to_owned();
    let mut section: BTreeMap<String, String> = BTreeMap::new();
    let mut put = |name: &str, value: String| section.insert(name.to_owned(), value);
    if let Some(mut group) = Cgroup::of(pid) {
        let limit = group.memory_limit_bytes();
        put(
            "memory limit",
            limit.map_or_else(none, |bytes| bytes.to_string()),
        );
        put("version", group.version().to_string());
    }
    put(
        "process limit",
        process_limit(pid).map_or_else(none, |it| it.to_string()),
    );
    put(
        "processors",
        cpu_limit(pid).map_or_else(none, |it| it.to_string()),
    );
    if let Some(devices) = device_list(pid) {
        let all = devices.lines().any(|line| line.starts_with("a "));
        put(
            "device policy",
            if all { "all devices" } else { "some devices" }.to_owned(),
        );
    }
    let group = membership
        .lines()
        .rev()
        .find_map(|line| line.splitn(3, ':').nth(2));
    if let Some(group) = group {
        put("group", group.to_owned());
    }
    section
}

#[cfg(test)]
mod tests {
    use super::*;
    use crashpoint_reports::env::Kind;

    #[test]
    fn this_process_is_seen() {
        let capture = of_this(Subject::new(Kind::This, "", ""), "1").unwrap();
        let variables = capture.variables.as_ref().unwrap();
        assert!(variables.contains_key("PATH"));
        assert!(capture.limits.contains_key("open files"));
        assert!(capture.process.contains_key("working directory"));
        assert!(capture.identity.contains_key("user"));
        assert!(capture.cgroup.contains_key("process limit"));
        assert_eq!(capture.not_seen, Vec::<String>::new());
    }

    #[test]
    fn a_process_that_is_not_there_is_told() {
        let why = of_process(i32::MAX, Subject::new(Kind::Process, "", ""), "1").unwrap_err();
        assert!(why.contains("no process 2147483647"), "{why}");
    }

    #[test]
    fn of_a_command_line_only_the_program_is_read() {
        assert_eq!(
            called(b"/usr/bin/python3\0--token\0hf_s\0").as_deref(),
            Some("/usr/bin/python3")
        );
        assert_eq!(called(b""), None);
    }
}
