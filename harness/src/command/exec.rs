//! `crashpoint exec`: any program, under the same isolation and with the same record.

use std::cell::Cell;
use std::collections::HashMap;

use crashpoint_probes::cgroup::Limits;
use crashpoint_reports::event::{Plan, PlannedCase, Settings};
use crashpoint_reports::triage::Step;
use crashpoint_reports::{Ending, EndingKind, Event, Phase};
use crashpoint_scenarios::fault::Needs;
use nix::sys::stat::{SFlag, fstat};

use super::finish::finish;
use super::triage::{self, Triage};
use crate::again;
use crate::cli::{ExecOptions, Switch};
use crate::failure::Failure;
use crate::session::Session;
use crate::supervise::{Finished, Progress, Reason, Stdin, Task, TimeLimits};

/// What shells add to a signal's number.
const KILLED: i32 = 128;
/// The only case.
pub(super) const CASE: &str = "exec";

pub fn exec(options: &ExecOptions) -> Result<u8, Failure> {
    let group = options.isolation.group(&Needs::default())?;
    let session = Session::begin(&options.common, None)?;
    session.journal.append(Event::Plan(plan(options)));
    exec_in(options, group, session, 0)
}

/// The program was tried `before` as often.
pub(super) fn exec_in(
    options: &ExecOptions,
    group: Option<Limits>,
    session: Session,
    before: u32,
) -> Result<u8, Failure> {
    let Some((program, arguments)) = options.command.split_first() else {
        return Err(Failure::usage("name a program after --"));
    };
    session.junit.renew();
    let tried = Cell::new(before);
    let attempt = |step: Option<&Step>| -> Result<Finished, Failure> {
        let (attempt, folder) = session.next_attempt()?;
        tried.set(tried.get() + 1);
        let mut reason = step.map_or_else(Reason::default, |step| triage::reason(step, &folder));
        reason.again = again::of_program(options);
        let task = Task {
            attempt,
            case: CASE.to_owned(),
            n: tried.get(),
            variables: triage::variables(&reason).collect(),
            reason,
            folder,
            program: program.clone(),
            arguments: arguments.to_vec(),
            stdin: stdin(options),
            gpu: None,
            job: None,
            limits: TimeLimits {
                whole: options.timeout,
                ..TimeLimits::default()
            },
            group,
            // What it prints is the user's once.
            echo: step.is_none(),
        };
        let observe = |progress: Progress| {
            if let (true, Progress::Phase { phase, .. }) = (options.common.verbose, progress)
                && phase != Phase::Idle
            {
                eprintln!("crashpoint: {phase}");
            }
        };
        let finished = session.supervisor(&observe).attempt(&task);
        finished.map_err(Failure::supervise)
    };
    let finished = attempt(None);
    let looked = finished.as_ref().map_or(Ok(()), |finished| {
        look_into(options, &session, finished, &|step| {
            attempt(Some(step)).map(drop)
        })
    });
    let (report, directory) = session.end()?;
    let finished = finished?;
    looked?;
    if let Some(error) = &finished.end.spawn_error {
        return Err(Failure::usage(format!(
            "{error}; check the command after --"
        )));
    }
    let code = finish(&options.common, &report, &directory)?;
    Ok(if options.pass_exit_code {
        passed_on(&finished)
    } else {
        code
    })
}

fn look_into(
    options: &ExecOptions,
    session: &Session,
    finished: &Finished,
    attempt: &dyn Fn(&Step) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let wanted = options.triage.triage == Switch::On && finished.end.spawn_error.is_none();
    if !wanted || session.interrupt.signal().is_some() {
        return Ok(());
    }
    if is_fed() {
        session.journal.append(Event::TriageEnd {
            case: CASE.to_owned(),
            because: Some(
                "what it read from its standard input cannot be given to it again".to_owned(),
            ),
        });
        return Ok(());
    }
    let triage = Triage {
        session,
        bounds: options.triage.bounds,
        without: &HashMap::new(),
        stop: &|_| None,
        say: &|line| {
            if !options.common.quiet {
                eprintln!("crashpoint: {line}");
            }
        },
        attempt: &|_, step| attempt(step),
    };
    triage.all()
}

fn stdin(options: &ExecOptions) -> Stdin {
    if options.stdin || !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        Stdin::Inherit
    } else {
        Stdin::Null
    }
}

/// A pipe or a file was read to some place by the first attempt.
fn is_fed() -> bool {
    fstat(std::io::stdin()).is_ok_and(|stat| {
        let kind = SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT;
        kind != SFlag::S_IFCHR
    })
}

fn plan(options: &ExecOptions) -> Plan {
    Plan {
        settings: Settings {
            sample_hz: options.common.sample_hz,
            cycles: 1,
            host_memory_limit_bytes: options.isolation.host_memory_limit_bytes(),
            ..Settings::default()
        },
        configured: Vec::new(),
        images: Vec::new(),
        cases: vec![PlannedCase {
            name: CASE.to_owned(),
            scenario: "exec".to_owned(),
            title: "a program of the user's own".to_owned(),
            images: Vec::new(),
        }],
    }
}

fn passed_on(finished: &Finished) -> u8 {
    let Ending {
        kind, code, signal, ..
    } = finished.ending();
    let status = match kind {
        EndingKind::Exit => code.unwrap_or(0),
        _ => KILLED + signal.unwrap_or(nix::libc::SIGKILL),
    };
    u8::try_from(status).unwrap_or(u8::MAX)
}
