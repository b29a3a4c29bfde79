//! The command line.

mod compare;
mod env;
mod gate;
mod history;
mod lint;
mod manners;
mod runs;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use crashpoint_reports::signal::signal_number;
use crashpoint_scenarios::fault::Injection;
use serde_json::Value;

pub use self::compare::{CompareFormat, CompareOptions};
pub use self::env::{CaptureOptions, DiffOptions, EnvAction, EnvOptions};
pub use self::gate::{GateFormat, GateLimits, GateOptions, Share};
pub use self::history::{HistoryFormat, HistoryOptions};
pub use self::lint::{LintFormat, LintOptions, LintTable};
pub use self::manners::{CompletionsOptions, ManOptions};
pub use self::runs::{
    AttachOptions, BundleOptions, ListOptions, PruneOptions, RunsAction, RunsOptions,
};
use crate::auto_resume::Manager;
use crate::config::InForce;
use crate::journal::{self, Address, OnError};
use crate::runs_on::{AUTO, CPU, devices};

/// Runs GPU inference step by step in isolated processes, records every step durably before it is
/// taken, and names where, how and why something died.
#[derive(Debug, Parser)]
#[command(name = "crashpoint", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Without a command: the ladder.
    #[command(flatten)]
    pub run: RunOptions,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the ladder (default), or one of its rungs
    #[command(
        after_help = "Example: crashpoint run fifth --model llava-hf/llava-1.5-7b-hf --images ./screenshots"
    )]
    Run(Box<RunOptions>),
    /// Run any program under the same isolation, probes and record
    #[command(after_help = "Example: crashpoint exec --timeout 10m -- python3 serve.py --once")]
    Exec(ExecOptions),
    /// Say what ended a run that never ended, and make its report
    #[command(
        after_help = "Examples: crashpoint recover; crashpoint recover crashpoint-runs/latest; sudo crashpoint recover --out /srv/runs"
    )]
    Recover(RecoverOptions),
    /// Go on after the crash point of a run that never came to its end
    #[command(after_help = "Example: crashpoint resume crashpoint-runs/latest --retry 1")]
    Resume(ResumeOptions),
    /// Render the report of a run
    #[command(
        after_help = "Example: crashpoint report crashpoint-runs/latest --format html > report.html; crashpoint report after/ --kind validation --before before/"
    )]
    Report(ReportOptions),
    /// Decide over a run, by limits and a baseline: pass, regression, or not to be told yet
    #[command(
        after_help = "Examples: crashpoint gate crashpoint-runs/latest --write-baseline baseline; crashpoint gate --baseline baseline --max-crash-rate 1% --max-slowdown 5%\n\nExit codes: 0 pass, 11 regression, 12 inconclusive, 4 nothing ran"
    )]
    Gate(Box<GateOptions>),
    /// Show two runs side by side: what changed in results, configuration and environment
    #[command(
        after_help = "Example: crashpoint compare before/report.json crashpoint-runs/latest --format html > fix.html"
    )]
    Compare(CompareOptions),
    /// Show the headline figures of every run in a folder, over time
    #[command(
        after_help = "Examples: crashpoint history; crashpoint history /srv/runs --format html > history.html; crashpoint history --prometheus /var/lib/node_exporter/crashpoint.prom"
    )]
    History(HistoryOptions),
    /// List, prune, follow or pack the runs that are there
    #[command(
        after_help = "Examples: crashpoint runs; crashpoint runs prune --keep 20 --yes; crashpoint runs attach; crashpoint runs bundle"
    )]
    Runs(RunsOptions),
    /// Name the cause of a death from logs that exist already
    #[command(
        after_help = "Examples: crashpoint diagnose server.log; dmesg | crashpoint diagnose - --exit-code 137; crashpoint diagnose --stderr err.log --kernel-log kern.log.gz"
    )]
    Diagnose(Box<DiagnoseOptions>),
    /// Say what a class, an Xid, a signal or an exit code means, and what to do
    #[command(
        after_help = "Examples: crashpoint explain gpu_oom; crashpoint explain Xid 79; crashpoint explain 137"
    )]
    Explain(ExplainOptions),
    /// Find the mistakes that look like crashes, in Python call sites and in what starts a service
    #[command(
        after_help = "Examples: crashpoint lint .; crashpoint lint serve.py --gpu-memory 24GiB; crashpoint lint . --format sarif > lint.sarif; crashpoint lint --explain integer-dtype\n\nExit codes: 0 nothing but notes, 10 an error or a warning"
    )]
    Lint(LintOptions),
    /// Say whether this machine is fit, and what would be lost if it reset now
    #[command(after_help = "Example: crashpoint doctor --out /var/lib/crashpoint")]
    Doctor(DoctorOptions),
    /// Take down an environment, or say where two differ: a service that fails, a shell in which it works
    #[command(
        after_help = "Example: crashpoint env capture -o works.json; crashpoint env diff works.json unit:llava.service"
    )]
    Env(EnvOptions),
    /// Run one fault on purpose, to see how it is reported
    #[command(after_help = "Example: crashpoint fault segfault")]
    Fault(FaultOptions),
    /// Run the crash-isolation suite: every rung and every fault, each with its stated ending
    #[command(after_help = "Example: crashpoint suite fault:: --skip hang")]
    Suite(SuiteOptions),
    /// Say what the options of a run are, and where each comes from
    #[command(
        after_help = "Examples: crashpoint config; crashpoint config --profile incident --json"
    )]
    Config(Box<RunOptions>),
    /// Keep the records of runs on other machines, which they send with --mirror
    #[command(
        after_help = "Example: crashpoint mirror --listen 0.0.0.0:4170; then there: crashpoint run --mirror THIS-HOST:4170"
    )]
    Mirror(MirrorOptions),
    /// Print a shell's completions of this command line
    #[command(
        after_help = "Examples: crashpoint completions bash > ~/.local/share/bash-completion/completions/crashpoint; crashpoint completions fish | source"
    )]
    Completions(CompletionsOptions),
    /// Write the man pages
    #[command(hide = true)]
    Man(ManOptions),
}

/// What every command that makes a run shares.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Record and output")]
pub struct Common {
    /// Where run directories are made
    #[arg(long, value_name = "DIR", default_value = "crashpoint-runs")]
    pub out: PathBuf,
    /// Print the report as JSON instead of a summary
    #[arg(long)]
    pub json: bool,
    /// Write the results as JUnit XML here too; they are in the run directory anyway
    #[arg(long, value_name = "PATH")]
    pub junit: Option<PathBuf>,
    /// Say nothing but the result
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say every phase
    #[arg(short, long)]
    pub verbose: bool,
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// No progress bar, even on a terminal
    #[arg(long)]
    pub no_progress: bool,
    /// Samples a second of every probe; 0 for none
    #[arg(long, value_name = "HZ", default_value = "10", value_parser = sample_hz)]
    pub sample_hz: f64,
    #[command(flatten)]
    pub record: RecordOptions,
}

/// How the journal of a run is written.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Record and output")]
pub struct RecordOptions {
    /// Samples are on the disk after at most this time
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = sample_durability)]
    pub sample_durability: Duration,
    /// What to do when the journal cannot be written
    #[arg(
        long,
        value_name = "stop|continue",
        default_value = "stop",
        hide_possible_values = true
    )]
    pub on_journal_error: OnError,
    /// Send every record to `crashpoint mirror` on another machine too: HOST:PORT, or udp://HOST:PORT
    #[arg(long, value_name = "ADDRESS")]
    pub mirror: Option<Address>,
}

impl RecordOptions {
    pub fn journal(&self) -> journal::Config {
        journal::Config {
            sample_durability: self.sample_durability,
            on_error: self.on_journal_error,
            mirror: self.mirror.clone(),
            tell: |error| eprintln!("crashpoint: {error}"),
            ..journal::Config::default()
        }
    }
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Isolation")]
pub struct IsolationOptions {
    /// Host memory that a worker may take, swap included, as in 8GB (10^9) or 8GiB (2^30): puts it in a control group of its own
    #[arg(long, value_name = "SIZE", value_parser = memory_limit)]
    pub host_memory_limit: Option<ByteSize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Args)]
pub struct RunOptions {
    /// ladder, or one rung of it: single, each-alone, fifth, fifth-alone, burn, repeat, long, soak
    #[arg(default_value = "ladder")]
    pub scenario: String,
    /// tiny, a checkpoint's folder, org/name[@revision], or synthetic:llava-1.5-7b, :llava-1.5-13b, :small
    #[arg(long, value_name = "MODEL", default_value = "tiny")]
    pub model: String,
    /// Image files, folders or patterns (PNG, JPEG, WebP) [default: eight news pages that are built in]
    #[arg(long, value_name = "FILE|DIR|GLOB", num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub images: Vec<String>,
    /// auto (the first GPU that a worker built with CUDA can use, else the CPU), cpu or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = AUTO, value_parser = device)]
    pub device: String,
    /// Everything on each of several GPUs, one after another: all, or such as cuda:0,cuda:1
    #[arg(long, value_name = "DEVICES", conflicts_with = "device", value_parser = devices)]
    pub devices: Option<String>,
    /// Do so on all of --devices at the same time, with a run of its own on each
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_value = "off", default_missing_value = "on", hide_possible_values = true)]
    pub parallel: Switch,
    /// f32, f16 or bf16 [default: f32 on the CPU, f16 elsewhere]
    #[arg(long, value_name = "DTYPE")]
    pub dtype: Option<Dtype>,
    /// Quantise the language model's weights while they are loaded: q8_0 or q4k
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    pub quant: Option<Quant>,
    /// A GGUF file that brings the language model's weights, in its own formats; the rest comes from --model
    #[arg(long, value_name = "FILE", conflicts_with = "quant")]
    pub gguf: Option<PathBuf>,
    /// The worker's executable [default: a crashpoint-worker beside this one or on the PATH for a GPU, else this one]
    #[arg(long, value_name = "PATH")]
    pub worker: Option<PathBuf>,
    /// What is asked about every image
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "Summarise the news on this page."
    )]
    pub question: String,
    /// [default: 256; 32 for tiny]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_new_tokens: Option<u32>,
    /// Sample at this temperature [default: greedy, so that outputs can be compared]
    #[arg(long, value_name = "T", value_parser = temperature)]
    pub temperature: Option<f64>,
    /// Sample from the most likely tokens that make up this probability
    #[arg(long, value_name = "P", value_parser = share)]
    pub top_p: Option<f64>,
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// The image under suspicion, by its place in the list
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub critical_image: u32,
    /// Images of `long` in all
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub images_total: u32,
    /// How long `soak` goes on
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration)]
    pub duration: Duration,
    /// How long one worker of `soak` lives
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = humantime::parse_duration)]
    pub renew: Duration,
    /// How long `burn` goes on
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = humantime::parse_duration)]
    pub burn: Duration,
    /// Run the whole so many times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub cycles: u32,
    /// Go on with the next rung after one that failed
    #[arg(long)]
    pub keep_going: bool,
    /// A table of rungs to use instead of the built-in one
    #[arg(long, value_name = "FILE")]
    pub ladder: Option<PathBuf>,
    /// Cause a fault on purpose: NAME@image=K,phase=P[,position=K][,token=N][,attempt=N]
    #[arg(long, value_name = "FAULT@WHERE")]
    pub inject: Option<Injection>,
    /// Threads of the worker's arithmetic [default: one for each CPU, at most 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub threads: Option<u32>,
    #[command(flatten)]
    pub triage: RunTriage,
    #[command(flatten)]
    pub after_reset: AfterReset,
    #[command(flatten)]
    pub budget: BudgetOptions,
    #[command(flatten)]
    pub limits: LimitOptions,
    #[command(flatten)]
    pub isolation: IsolationOptions,
    #[command(flatten)]
    pub configuration: Configuration,
    #[command(flatten)]
    pub common: Common,
    #[arg(skip)]
    pub in_force: InForce,
}

/// Where options come from that are not said.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Configuration")]
pub struct Configuration {
    /// Options under a name, shipped or from crashpoint.toml; `crashpoint config` lists them
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// A file of options, or none [default: the nearest crashpoint.toml, from here upwards]
    #[arg(long, value_name = "FILE|none")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dtype {
    F32,
    F16,
    Bf16,
}

impl Dtype {
    pub fn name(self) -> &'static str {
        match self {
            Dtype::F32 => "f32",
            Dtype::F16 => "f16",
            Dtype::Bf16 => "bf16",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Quant {
    #[value(name = "q8_0")]
    Q8_0,
    #[value(name = "q4k")]
    Q4k,
}

impl Quant {
    pub fn name(self) -> &'static str {
        match self {
            Quant::Q8_0 => "q8_0",
            Quant::Q4k => "q4k",
        }
    }
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Memory budget")]
pub struct BudgetOptions {
    /// Load the model even if it does not fit
    #[arg(long, conflicts_with_all = ["memory_fraction", "memory_cap", "memory_reserve"])]
    pub no_budget: bool,
    /// Share of the device's memory that the weights may take
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub memory_fraction: Option<f64>,
    /// Memory that the weights may take, as in 8GB (10^9) or 8GiB (2^30)
    #[arg(long, value_name = "SIZE")]
    pub memory_cap: Option<ByteSize>,
    /// Round the smaller of these two bounds to a whole number of this size, as in 1GB
    #[arg(long, value_name = "SIZE", value_parser = step)]
    pub memory_round: Option<ByteSize>,
    /// Memory to be left free on the device
    #[arg(long, value_name = "SIZE", default_value = "256MiB")]
    pub memory_reserve: ByteSize,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Time limits")]
pub struct LimitOptions {
    /// For loading the model [default: 15m]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub timeout_load: Option<Duration>,
    /// For warming up a GPU: kernels are compiled, libraries loaded [default: 15m]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub timeout_warmup: Option<Duration>,
    /// For the first image in a worker [default: 15m]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub timeout_first_image: Option<Duration>,
    /// For each later image [default: ten times the slowest so far, at least 30s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub timeout_image: Option<Duration>,
    /// For a GPU to show, between attempts, that it still works
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = humantime::parse_duration)]
    pub timeout_check: Duration,
    /// For a whole attempt
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub timeout: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "After a crash")]
pub struct RunTriage {
    /// Try a case that failed again, and look for the smallest input that is enough for it
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_value = "on", default_missing_value = "on", hide_possible_values = true)]
    pub triage: Switch,
    /// The same as --triage=off
    #[arg(long, conflicts_with = "triage")]
    pub no_triage: bool,
    #[command(flatten)]
    pub bounds: TriageBounds,
}

impl RunTriage {
    pub fn is_on(&self) -> bool {
        self.triage == Switch::On && !self.no_triage
    }
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "After a restart of the machine")]
pub struct AfterReset {
    /// Go on by itself: install a systemd unit for the time of the run [default: the system's for root, else the user's]
    #[arg(long, value_name = "system|user", num_args = 0..=1, require_equals = true, hide_possible_values = true)]
    pub auto_resume: Option<Option<Manager>>,
    /// Restarts of the machine after which it does not go on by itself any more
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_resets: u32,
    /// Install the unit without asking
    #[arg(long, requires = "auto_resume")]
    pub yes: bool,
    /// Print the unit, and do nothing else
    #[arg(long)]
    pub print_unit: bool,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "After a crash")]
pub struct ExecTriage {
    /// Run a program that failed again, as it is: only for one that may be run more than once
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_value = "off", default_missing_value = "on", hide_possible_values = true)]
    pub triage: Switch,
    #[command(flatten)]
    pub bounds: TriageBounds,
}

#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "After a crash")]
pub struct TriageBounds {
    /// Attempts at a case that failed, in all
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub attempts: u32,
    /// Further attempts at a case that failed, whatever for
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub triage_attempts: u32,
    /// No attempt of the triage begins after this time
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = humantime::parse_duration)]
    pub triage_time: Duration,
}

#[derive(Debug, Args)]
pub struct ExecOptions {
    /// End the program after this time
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub timeout: Option<Duration>,
    /// Leave with the program's own exit code (128 + the signal's number if one killed it)
    #[arg(long)]
    pub pass_exit_code: bool,
    /// Let the program read this terminal's input
    #[arg(long)]
    pub stdin: bool,
    #[command(flatten)]
    pub isolation: IsolationOptions,
    #[command(flatten)]
    pub triage: ExecTriage,
    #[command(flatten)]
    pub common: Common,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct MirrorOptions {
    /// Over TCP and UDP. Whoever can reach it can write runs there: nothing is encrypted or signed
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4170")]
    pub listen: String,
    /// Where the runs are kept
    #[arg(long, value_name = "DIR", default_value = "crashpoint-mirrored")]
    pub out: PathBuf,
    /// No segment of a journal grows beyond this
    #[arg(long, value_name = "SIZE", default_value = "256MiB")]
    pub most: ByteSize,
}

#[derive(Debug, Args)]
pub struct RecoverOptions {
    /// A run directory [default: all in --out that never ended]
    #[arg(value_name = "RUN")]
    pub run: Option<PathBuf>,
    /// Where run directories are looked for
    #[arg(long, value_name = "DIR", default_value = "crashpoint-runs")]
    pub out: PathBuf,
    /// Show what there is, even of a run that still runs or in a place that can't be written to, and write nothing
    #[arg(long)]
    pub force: bool,
    /// Print the report as JSON; an array of reports if no run was named
    #[arg(long)]
    pub json: bool,
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

#[derive(Debug, Args)]
pub struct ResumeOptions {
    /// A run directory
    #[arg(value_name = "RUN", default_value = "crashpoint-runs/latest")]
    pub run: PathBuf,
    /// Try a case again, up to so many times, in whose midst the supervisor or the machine went away
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub retry: u32,
    /// Started by the unit of --auto-resume
    #[arg(long, value_name = "system|user", require_equals = true, hide = true)]
    pub unattended: Option<Manager>,
    /// Print the report as JSON instead of a summary
    #[arg(long)]
    pub json: bool,
    /// Say nothing but the result
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say every phase
    #[arg(short, long)]
    pub verbose: bool,
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// No progress bar, even on a terminal
    #[arg(long)]
    pub no_progress: bool,
}

#[derive(Debug, Args)]
pub struct ReportOptions {
    /// A run directory, its journal or its report.json
    #[arg(value_name = "RUN", default_value = "crashpoint-runs/latest")]
    pub run: PathBuf,
    /// [default: text; md for a validation report]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// The report of the run, or a document that says what the run shows and what it does not
    #[arg(long, value_enum, default_value = "run")]
    pub kind: Kind,
    /// The run before the change that a validation report is about
    #[arg(long, value_name = "RUN")]
    pub before: Option<PathBuf>,
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Run,
    Validation,
}

#[derive(Debug, Args)]
pub struct DiagnoseOptions {
    /// Logs whose lines are told apart by their shape; - for standard input; gzip or not
    #[arg(value_name = "FILE")]
    pub logs: Vec<PathBuf>,
    /// What the program printed as errors
    #[arg(long, value_name = "FILE")]
    pub stderr: Option<PathBuf>,
    /// What else it printed
    #[arg(long, value_name = "FILE")]
    pub stdout: Option<PathBuf>,
    /// dmesg or journalctl -k, of the boot in which it died
    #[arg(long, value_name = "FILE")]
    pub kernel_log: Option<PathBuf>,
    /// journalctl -b -1, where the machine restarted
    #[arg(long, value_name = "FILE")]
    pub previous_boot_log: Option<PathBuf>,
    /// Of systemd, a container runtime, Kubernetes, Slurm
    #[arg(long, value_name = "FILE")]
    pub service_log: Option<PathBuf>,
    /// The output of nvidia-smi or nvidia-smi -q
    #[arg(long, value_name = "FILE")]
    pub nvidia_smi: Option<PathBuf>,
    /// The exit code; -N is signal N
    #[arg(long, value_name = "N", group = "how", allow_negative_numbers = true)]
    pub exit_code: Option<i64>,
    /// The signal that ended it, by name or number
    #[arg(long, value_name = "NAME", group = "how", value_parser = signal)]
    pub signal: Option<i32>,
    /// It hung, and did not go on for so many seconds
    #[arg(long, value_name = "SECONDS", group = "how", value_parser = seconds)]
    pub hang: Option<f64>,
    /// The machine restarted or switched off
    #[arg(long, group = "how")]
    pub machine_gone: bool,
    /// Something else that is known, as in gpu_memory_total_bytes=25769803776
    #[arg(long, value_name = "NAME=VALUE", value_parser = fact)]
    pub fact: Vec<(String, Value)>,
    /// All of it in one file of JSON instead
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["logs", "stderr", "stdout", "kernel_log", "previous_boot_log", "service_log", "nvidia_smi", "how", "fact"]
    )]
    pub case: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

#[derive(Debug, Args)]
pub struct ExplainOptions {
    /// A class, an Xid, a signal, an exit code or a rule of lint [default: a list of all classes]
    #[arg(
        value_name = "CLASS|XID|SIGNAL|EXIT CODE",
        allow_negative_numbers = true
    )]
    pub what: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

#[derive(Debug, Args)]
pub struct DoctorOptions {
    /// Where runs would be recorded; it need not exist
    #[arg(long, value_name = "DIR", default_value = "crashpoint-runs")]
    pub out: PathBuf,
    /// What the power supply gives, to be held against the limits of all cards
    #[arg(long, value_name = "WATTS", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub psu: Option<u64>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The summary as a run prints it
    Text,
    Json,
    Md,
    /// Markdown that fits a comment on a pull request
    Pr,
    Html,
    Junit,
}

#[derive(Debug, Args)]
pub struct FaultOptions {
    /// The fault; see --list
    #[arg(required_unless_present = "list")]
    pub name: Option<String>,
    /// Say which faults there are, how each ends and which class its verdict names
    #[arg(long)]
    pub list: bool,
    /// auto (the first GPU that a worker built with CUDA can use, else the CPU), cpu or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = AUTO, value_parser = device)]
    pub device: String,
    /// The worker's executable [default: a crashpoint-worker beside this one or on the PATH for a GPU, else this one]
    #[arg(long, value_name = "PATH")]
    pub worker: Option<PathBuf>,
    /// End it after this time
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
    #[command(flatten)]
    pub isolation: IsolationOptions,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct SuiteOptions {
    /// Where the record of each trial is kept, in a folder of its own
    #[arg(long, value_name = "DIR", default_value = "crashpoint-runs")]
    pub out: PathBuf,
    /// auto (the first GPU that a worker built with CUDA can use, else the CPU), cpu or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = AUTO, value_parser = device)]
    pub device: String,
    /// The worker's executable [default: a crashpoint-worker beside this one or on the PATH for a GPU, else this one]
    #[arg(long, value_name = "PATH")]
    pub worker: Option<PathBuf>,
    #[command(flatten)]
    pub libtest: libtest_mimic::Arguments,
}

fn device(text: &str) -> Result<String, String> {
    let ordinal = text.strip_prefix("cuda:").map(str::parse::<u32>);
    if [AUTO, CPU].contains(&text) || matches!(ordinal, Some(Ok(_))) {
        Ok(text.to_owned())
    } else {
        Err("it must be auto, cpu or cuda:N".to_owned())
    }
}

fn signal(text: &str) -> Result<i32, String> {
    signal_number(text).ok_or_else(|| format!("{text:?} is no signal, as in SIGKILL or 9"))
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('s').parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds > 0.0 => Ok(seconds),
        _ => Err(format!("{text:?} is no number of seconds above 0")),
    }
}

/// A number, true, false or a list where it reads as JSON, and otherwise the text as it is.
fn fact(text: &str) -> Result<(String, Value), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            let known = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
            Ok((name.trim().to_owned(), known))
        }
        _ => Err("it must be NAME=VALUE".to_owned()),
    }
}

/// A process needs so much to be started at all.
const LEAST_MEMORY: ByteSize = ByteSize::mib(4);

fn memory_limit(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse()?;
    if size >= LEAST_MEMORY {
        Ok(size)
    } else {
        Err(format!("it must be at least {LEAST_MEMORY}"))
    }
}

fn step(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse()?;
    if size.as_u64() > 0 {
        Ok(size)
    } else {
        Err("it must be above 0".to_owned())
    }
}

fn sample_hz(text: &str) -> Result<f64, String> {
    in_range(text, 0.0, 100.0)
}

/// A sample that is hours old when it is written tells nothing of a death.
fn sample_durability(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if (Duration::from_millis(10)..=Duration::from_secs(60)).contains(&time) {
        Ok(time)
    } else {
        Err("it must be from 10ms to 1m".to_owned())
    }
}

fn temperature(text: &str) -> Result<f64, String> {
    in_range(text, 0.0, 100.0)
}

fn share(text: &str) -> Result<f64, String> {
    in_range(text, f64::MIN_POSITIVE, 1.0)
}

fn in_range(text: &str, low: f64, high: f64) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    if (low..=high).contains(&number) {
        Ok(number)
    } else {
        let low = if low == f64::MIN_POSITIVE {
            "above 0".to_owned()
        } else {
            format!("from {low}")
        };
        Err(format!("it must be {low} to {high}"))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds_together() {
        super::Cli::command().debug_assert();
    }
}
