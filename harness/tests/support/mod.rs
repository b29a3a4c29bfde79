//! Runs the real executable in a folder of its own, and reads what it left behind.
// Each test file is a crate of its own and uses its part of this.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Nothing that a test starts takes this long unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(120);

pub struct Place {
    pub folder: TempDir,
}

pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    out: PathBuf,
}

impl Place {
    pub fn new() -> Place {
        Place {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, contents).unwrap();
        path
    }

    /// As `command`, where NVML is one that answers by this script.
    pub fn scripted(&self, nvml: &str, arguments: &[&str]) -> Command {
        // Beside the test, as it is one of its dependencies.
        let library = std::env::current_exe()
            .unwrap()
            .with_file_name("libfake_nvml.so");
        let script = self.write("nvml.toml", nvml);
        let mut command = self.command(arguments);
        command
            .env("CRASHPOINT_NVML", library)
            .env("CRASHPOINT_FAKE_NVML", script);
        command
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crashpoint"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            // Made once for all tests, as for a user.
            .env(
                "CRASHPOINT_CACHE",
                concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"),
            )
            .env_remove("CRASHPOINT_FD")
            .stdin(Stdio::null());
        command
    }

    pub fn crashpoint(&self, arguments: &[&str]) -> Ran {
        self.ran(
            self.command(arguments)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        )
    }

    /// Ends a run that nothing more is wanted of.
    pub fn end(&self, mut child: Child) {
        child.kill().unwrap();
        self.ran(child);
    }

    pub fn ran(&self, child: Child) -> Ran {
        let output = output_of(child);
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            out: self.path("crashpoint-runs"),
        }
    }
}

/// Waits with a bound: a test that hangs tells nothing.
fn output_of(child: Child) -> Output {
    let pid = child.id();
    let (done, wait) = std::sync::mpsc::channel();
    std::thread::spawn(move || done.send(child.wait_with_output()));
    match wait.recv_timeout(PATIENCE) {
        Ok(output) => output.unwrap(),
        Err(_) => {
            let _ = Command::new("kill")
                .args(["-KILL", &pid.to_string()])
                .status();
            panic!("crashpoint still ran after {PATIENCE:?}");
        }
    }
}

impl Ran {
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// The failure is told in one line on standard error, which names this.
    #[track_caller]
    pub fn says(self, part: &str) -> Ran {
        let told = self.stderr.lines().any(|line| line.contains(part));
        assert!(told, "{part:?} is not in:\n{}", self.stderr);
        self
    }

    pub fn latest(&self) -> PathBuf {
        self.out.join("latest").canonicalize().unwrap()
    }

    pub fn report(&self) -> Value {
        let text = std::fs::read_to_string(self.latest().join("report.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

/// The case of this name.
#[track_caller]
pub fn case<'a>(report: &'a Value, name: &str) -> &'a Value {
    let cases = report["cases"].as_array().unwrap();
    cases.iter().find(|case| case["name"] == name).unwrap()
}

/// Every attempt of a report, in order.
pub fn attempts(report: &Value) -> Vec<&Value> {
    let cases = report["cases"].as_array().unwrap();
    cases
        .iter()
        .flat_map(|case| case["attempts"].as_array().unwrap())
        .collect()
}

/// The path of a worker script that lies beside the tests.
pub fn worker(name: &str) -> String {
    format!("{}/tests/workers/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Asks until it is so. For what has no event to wait for.
#[track_caller]
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "it never came to be: {what}");
        std::thread::yield_now();
    }
}

/// The records of the newest journal of a place, as far as they are whole.
pub fn records(place: &Place) -> Vec<Value> {
    let Ok(text) = std::fs::read_to_string(place.path("crashpoint-runs/latest/journal-0001.jsonl"))
    else {
        return Vec::new();
    };
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// In which formats each worker that quantised a model held its matrix products.
pub fn products(records: &[Value]) -> Vec<Value> {
    let facts = records
        .iter()
        .map(|record| &record["event"]["facts"]["facts"]);
    facts
        .filter_map(|facts| facts.get("matrix_products").cloned())
        .collect()
}

/// A run that hangs in the third image, once it has come so far.
pub fn hanging(place: &Place) -> Child {
    let child = place
        .command(&["run", "fifth", "--inject", "hang@image=3,phase=vision"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("the third image", || {
        records(place)
            .iter()
            .any(|record| {
                let marker = &record["event"]["marker"];
                marker["image"]["index"] == 3 && marker["phase"] == "vision"
            })
            .then_some(())
    });
    child
}

/// Whether a process is there and not merely waiting to be reaped.
pub fn lives(pid: i64) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| {
            stat.rsplit_once(')')
                .map(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
        })
        .unwrap_or(false)
}

pub fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
