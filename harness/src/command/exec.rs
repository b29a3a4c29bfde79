//! `crashpoint exec`: any program, under the same isolation and with the same record.

use crashpoint_reports::event::{Plan, PlannedCase, Settings};
use crashpoint_reports::{Ending, EndingKind, Event, Phase};
use crashpoint_scenarios::fault::Needs;

use super::finish::finish;
use crate::cli::ExecOptions;
use crate::failure::Failure;
use crate::session::Session;
use crate::supervise::{Finished, Progress, Reason, Stdin, Task, TimeLimits};

/// What shells add to a signal's number.
const KILLED: i32 = 128;

pub fn exec(options: &ExecOptions) -> Result<u8, Failure> {
    let Some((program, arguments)) = options.command.split_first() else {
        return Err(Failure::usage("name a program after --"));
    };
    let group = options.isolation.group(&Needs::default())?;
    let session = Session::begin(&options.common)?;
    let (attempt, folder) = session.next_attempt()?;
    session.journal.append(Event::Plan(plan(options)));
    let task = Task {
        attempt,
        case: "exec".to_owned(),
        n: 1,
        reason: Reason::default(),
        folder,
        program: program.clone(),
        arguments: arguments.to_vec(),
        variables: Vec::new(),
        stdin: if options.stdin || !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            Stdin::Inherit
        } else {
            Stdin::Null
        },
        job: None,
        limits: TimeLimits {
            whole: options.timeout,
            ..TimeLimits::default()
        },
        group,
        echo: true,
    };
    let verbose = options.common.verbose;
    let observe = |progress: Progress| {
        if let (true, Progress::Phase { phase, .. }) = (verbose, progress)
            && phase != Phase::Idle
        {
            eprintln!("crashpoint: {phase}");
        }
    };
    let finished = session.supervisor(&observe).attempt(&task);
    let (report, directory) = session.end()?;
    let finished = finished.map_err(Failure::supervise)?;
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

fn plan(options: &ExecOptions) -> Plan {
    Plan {
        settings: Settings {
            sample_hz: options.common.sample_hz,
            cycles: 1,
            host_memory_limit_bytes: options.isolation.host_memory_limit_bytes(),
            ..Settings::default()
        },
        images: Vec::new(),
        cases: vec![PlannedCase {
            name: "exec".to_owned(),
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
