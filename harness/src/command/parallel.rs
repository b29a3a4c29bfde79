//! `--devices ... --parallel`: on each device a run of its own, all at the same time.
//!
//! Each has a supervisor, a run directory and an exit code of its own, so that a driver that holds up
//! one of them holds up no other, and no measurement of one is taken for another's.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::finish::print;
use crate::executable::this_executable;
use crate::exit_code;
use crate::failure::Failure;
use crate::interrupt::Interrupt;

const DEVICES: &str = "--devices";
const PARALLEL: &str = "--parallel";
/// How often it is looked for what has happened.
const TICK: Duration = Duration::from_millis(100);
/// What a run left behind may hold its pipes for ever.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// The exit code of several runs is the first of these that one of them has.
const GRAVEST_FIRST: [u8; 8] = [
    exit_code::HARNESS,
    exit_code::INTERRUPTED,
    exit_code::TERMINATED,
    exit_code::USAGE,
    exit_code::UNFIT,
    exit_code::FOUND,
    exit_code::NOTHING_RAN,
    exit_code::OK,
];

/// Runs this very command line once for each device. With `json`, prints a list of the reports.
pub fn run(devices: &[String], json: bool) -> Result<u8, Failure> {
    let harness = |what: &'static str| {
        move |error: std::io::Error| Failure::harness(format!("failed to {what}: {error}"))
    };
    let executable = this_executable().map_err(harness("find its own executable"))?;
    let interrupt = Interrupt::listen().map_err(harness("listen for signals"))?;
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut runs = Vec::new();
    for device in devices {
        let mut command = Command::new(&executable);
        command.args(for_one(&words, device));
        match Running::start(device, command) {
            Ok(run) => runs.push(run),
            Err(error) => {
                runs.iter()
                    .for_each(|run: &Running| run.signal(Signal::SIGTERM));
                return Err(harness("start a run of its own for a device")(error));
            }
        }
    }
    // Together: a request to stop is handed on to all of them at once.
    while runs.iter().any(|run| !run.is_over()) {
        thread::sleep(TICK);
        runs.iter_mut().for_each(|run| run.look(&interrupt));
    }
    if json {
        let reports = runs.iter().filter_map(|run| run.printed.as_deref());
        let reports = reports.map(str::trim).filter(|report| !report.is_empty());
        print(&format!("[{}]\n", reports.collect::<Vec<_>>().join(",\n")))?;
    } else {
        for run in &runs {
            let printed = run.printed.as_deref().unwrap_or_default();
            print(&format!(
                "== {}: exit code {}\n{printed}\n",
                run.device,
                run.code()
            ))?;
        }
    }
    let codes: Vec<u8> = runs.iter().map(Running::code).collect();
    let gravest = GRAVEST_FIRST.into_iter().find(|code| codes.contains(code));
    Ok(gravest.unwrap_or(exit_code::HARNESS))
}

/// The command line for one of the devices.
fn for_one(words: &[OsString], device: &str) -> Vec<OsString> {
    let mut left = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let name = word.to_string_lossy();
        if name == DEVICES {
            words.next();
        } else if name != PARALLEL
            && !name.starts_with(&format!("{DEVICES}="))
            && !name.starts_with(&format!("{PARALLEL}="))
        {
            left.push(word.clone());
        }
    }
    left.push(format!("{DEVICES}={device}").into());
    left.push(format!("{PARALLEL}=off").into());
    left
}

struct Running {
    device: String,
    child: Child,
    printed: Option<String>,
    from_child: Receiver<String>,
    status: Option<ExitStatus>,
    ended: Option<Instant>,
    told: u32,
}

impl Running {
    fn start(device: &str, mut command: Command) -> std::io::Result<Running> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C reaches it through us, and once.
            .process_group(0)
            .spawn()?;
        let (printed, from_child) = channel();
        if let Some(stderr) = child.stderr.take() {
            let device = device.to_owned();
            thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    eprintln!("{device}: {line}");
                }
            });
        }
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || collect(stdout, &printed));
        }
        Ok(Running {
            device: device.to_owned(),
            child,
            printed: None,
            from_child,
            status: None,
            ended: None,
            told: 0,
        })
    }

    /// Ended, and read as far as it can be.
    fn is_over(&self) -> bool {
        self.ended
            .is_some_and(|ended| self.printed.is_some() || ended.elapsed() >= LAST_WORDS)
    }

    fn look(&mut self, interrupt: &Interrupt) {
        if let Ok(printed) = self.from_child.try_recv() {
            self.printed = Some(printed);
        }
        self.hand_on(interrupt);
        if self.ended.is_some() {
            return;
        }
        match self.child.try_wait() {
            Ok(None) => {}
            Ok(status) => {
                self.status = status;
                self.ended = Some(Instant::now());
            }
            Err(_) => self.ended = Some(Instant::now()),
        }
    }

    fn hand_on(&mut self, interrupt: &Interrupt) {
        let Some(signal) = interrupt.signal() else {
            return;
        };
        let requests = if interrupt.insists() { 2 } else { 1 };
        while self.told < requests {
            self.told += 1;
            self.signal(Signal::try_from(signal).unwrap_or(Signal::SIGTERM));
        }
    }

    fn signal(&self, signal: Signal) {
        if self.ended.is_none() {
            // One that has ended is not reaped yet, so its number is nobody else's.
            let _ = kill(Pid::from_raw(self.child.id().cast_signed()), signal);
        }
    }

    fn code(&self) -> u8 {
        let code = self.status.and_then(|status| status.code());
        code.and_then(|code| u8::try_from(code).ok())
            .unwrap_or(exit_code::HARNESS)
    }
}

fn collect(mut from: impl Read, to: &Sender<String>) {
    let mut read = Vec::new();
    // What was read before an error is worth showing.
    let _ = from.read_to_end(&mut read);
    let _ = to.send(String::from_utf8_lossy(&read).into_owned());
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn each_device_has_the_same_command_line_for_itself() {
        for words in [
            &["run", "fifth", "--devices", "all", "--parallel", "-q"][..],
            &[
                "run",
                "--parallel=on",
                "fifth",
                "--devices=cuda:0,cuda:1",
                "-q",
            ],
        ] {
            let words: Vec<OsString> = words.iter().map(Into::into).collect();
            let one = for_one(&words, "cuda:1");
            let wanted = ["run", "fifth", "-q", "--devices=cuda:1", "--parallel=off"];
            assert_eq!(one, wanted.map(OsStr::new));
        }
    }
}
