//! `crashpoint fault`: one fault on purpose, to see how it is reported.

use crashpoint_reports::event::{Plan, PlannedCase, Settings};
use crashpoint_reports::{Event, Phase};
use crashpoint_scenarios::fault::{Fault, Injection};
use crashpoint_scenarios::job::{Job, Work};

use super::finish::{finish, print};
use crate::cli::FaultOptions;
use crate::exit_code;
use crate::failure::Failure;
use crate::session::Session;
use crate::supervise::{Reason, Stdin, Task, TimeLimits};

pub fn fault(options: &FaultOptions) -> Result<u8, Failure> {
    let Some(name) = options.name.as_ref().filter(|_| !options.list) else {
        let lines = Fault::ALL.map(|fault| format!("{:<12} {}\n", fault.name(), fault.describe()));
        print(&lines.concat())?;
        return Ok(exit_code::OK);
    };
    let fault: Fault = name.parse().map_err(Failure::usage)?;
    let inject = Injection {
        fault,
        image: None,
        position: None,
        phase: Phase::Run,
        token: None,
        attempt: None,
    };
    let session = Session::begin(&options.common)?;
    let (attempt, folder) = session.next_attempt()?;
    session.journal.append(Event::Plan(Plan {
        settings: Settings {
            sample_hz: options.common.sample_hz,
            cycles: 1,
            inject: Some(inject.to_string()),
            ..Settings::default()
        },
        images: Vec::new(),
        cases: vec![PlannedCase {
            name: fault.name().to_owned(),
            scenario: "fault".to_owned(),
            title: fault.describe().to_owned(),
            images: Vec::new(),
        }],
    }));
    let job = Job {
        work: Work::Fault {},
        inject: Some(inject),
    };
    let task = Task {
        attempt,
        case: fault.name().to_owned(),
        n: 1,
        reason: Reason::default(),
        folder,
        program: session.executable.clone().into(),
        arguments: vec!["worker".into()],
        variables: Vec::new(),
        stdin: Stdin::Null,
        job: Some(serde_json::to_value(&job).map_err(Failure::harness)?),
        limits: TimeLimits {
            whole: Some(options.timeout),
            ..TimeLimits::default()
        },
        echo: false,
    };
    let finished = session.supervisor(&|_| {}).attempt(&task);
    let (report, directory) = session.end()?;
    finished.map_err(Failure::supervise)?;
    finish(&options.common, &report, &directory)
}
