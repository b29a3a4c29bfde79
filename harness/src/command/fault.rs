//! `crashpoint fault`: one fault on purpose, to see how it is reported.

mod list;

use clap::Parser;
use crashpoint_reports::event::{Plan, PlannedCase, Settings};
use crashpoint_reports::{Event, Phase};
use crashpoint_scenarios::fault::{Fault, Injection};
use crashpoint_scenarios::job::{FaultAlone, Job, Work};

use super::finish::finish;
use super::run::run;
use crate::cli::{Cli, Command, FaultOptions, RunOptions};
use crate::failure::Failure;
use crate::runs_on;
use crate::session::Session;
use crate::supervise::{Reason, Stdin, Task, TimeLimits};

pub fn fault(options: &FaultOptions) -> Result<u8, Failure> {
    let Some(name) = options.name.as_ref().filter(|_| !options.list) else {
        return list::list(options.common.json);
    };
    let fault: Fault = name.parse().map_err(Failure::usage)?;
    match fault.expectation().needs.rung {
        Some((rung, conditions)) => run(&within(options, fault, rung, conditions)?),
        None => alone(options, fault),
    }
}

/// The rung in which the fault has something to be compared with.
fn within(
    options: &FaultOptions,
    fault: Fault,
    rung: &str,
    conditions: &str,
) -> Result<RunOptions, Failure> {
    let inject = format!("{fault}@{conditions}");
    let words = ["crashpoint", "run", rung, "--inject", &inject];
    // Every other option as it is by default, which only its definition knows.
    match Cli::try_parse_from(words).map(|cli| cli.command) {
        Ok(Some(Command::Run(mut run))) => {
            run.device.clone_from(&options.device);
            run.worker.clone_from(&options.worker);
            run.limits.timeout = Some(options.timeout);
            run.isolation.clone_from(&options.isolation);
            run.common.clone_from(&options.common);
            Ok(*run)
        }
        Ok(_) => Err(Failure::harness(format!("{words:?} is no run"))),
        Err(error) => Err(Failure::harness(error)),
    }
}

fn alone(options: &FaultOptions, fault: Fault) -> Result<u8, Failure> {
    let inject = Injection::in_phase(fault, Phase::Run);
    let runs_on = runs_on::decide(&options.device, options.worker.as_deref())?;
    let group = options.isolation.group(&fault.expectation().needs)?;
    let session = Session::begin(&options.common, Some(runs_on.facts()))?;
    let (attempt, folder) = session.next_attempt()?;
    session.journal.append(Event::Plan(Plan {
        settings: Settings {
            device: Some(runs_on.device.clone()),
            sample_hz: options.common.sample_hz,
            cycles: 1,
            host_memory_limit_bytes: options.isolation.host_memory_limit_bytes(),
            inject: Some(inject.to_string()),
            ..Settings::default()
        },
        configured: Vec::new(),
        images: Vec::new(),
        cases: vec![PlannedCase {
            name: fault.name().to_owned(),
            scenario: "fault".to_owned(),
            title: fault.describe().to_owned(),
            images: Vec::new(),
        }],
    }));
    let job = Job {
        work: Work::Fault(FaultAlone {
            device: runs_on.device.clone(),
        }),
        profile: None,
        inject: Some(inject),
    };
    let (program, arguments) = runs_on.worker(&session.executable);
    let task = Task {
        attempt,
        case: fault.name().to_owned(),
        n: 1,
        reason: Reason::default(),
        folder,
        program,
        arguments,
        variables: Vec::new(),
        stdin: Stdin::Null,
        gpu: None,
        job: Some(serde_json::to_value(&job).map_err(Failure::harness)?),
        limits: TimeLimits {
            whole: Some(options.timeout),
            ..TimeLimits::default()
        },
        group,
        echo: false,
    };
    let finished = session.supervisor(&|_| {}).attempt(&task);
    let (report, directory) = session.end()?;
    finished.map_err(Failure::supervise)?;
    finish(&options.common, &report, &directory)
}
