//! `crashpoint resume`: goes on with a run that never came to its end.

use std::fs;

use crashpoint_probes::boot;
use crashpoint_reports::event::{Header, Plan};
use crashpoint_reports::past::{Past, Turn};
use crashpoint_reports::{Event, Report};
use crashpoint_scenarios::fault::Needs;

use super::exec;
use super::finish::finish;
use super::run::Prepared;
use crate::auto_resume::{Installed, Manager};
use crate::cli::{Command, Common, ExecOptions, ResumeOptions, RunOptions};
use crate::config::{self, Wrong};
use crate::exit_code;
use crate::failure::Failure;
use crate::recover::{Looked, recover};
use crate::run_directory::RunDirectory;
use crate::session::Session;
use crate::written;

pub fn resume(options: &ResumeOptions) -> Result<u8, Failure> {
    // The unit has the run's own name; a run that is gone can still lose its unit.
    let named = fs::canonicalize(&options.run).unwrap_or_else(|_| options.run.clone());
    let mut unit = options
        .unattended
        .map(|manager| Installed::of(manager, &named))
        .transpose()?;
    let resumed = find(options).and_then(|run| run.go_on(options, &mut unit));
    match (unit, &resumed) {
        (Some(unit), Ok(resumed)) => unit.remove_unless_going_down(resumed.interrupted_by),
        // A disk or a card that is late this time may be there the next time.
        (Some(unit), Err(failure)) if failure.code != exit_code::USAGE => unit.keep(),
        _ => {}
    }
    resumed.map(|resumed| resumed.code)
}

struct Resumed {
    code: u8,
    interrupted_by: Option<i32>,
}

/// A run that can go on, and how.
struct Stopped {
    directory: RunDirectory,
    header: Header,
    past: Past,
}

fn find(options: &ResumeOptions) -> Result<Stopped, Failure> {
    let path = fs::canonicalize(&options.run).map_err(|error| {
        Failure::usage(format!(
            "failed to find the run {}: {error}",
            options.run.display()
        ))
    })?;
    let id = path.file_name().unwrap_or_default();
    let directory = RunDirectory {
        id: id.to_string_lossy().into_owned(),
        path,
    };
    let (looked, _) = recover(&directory.path)?;
    match looked {
        Looked::NotOver(why) => {
            return Err(Failure::unfit(format!(
                "the run {} is not over: {why}; wait for its end",
                directory.id
            )));
        }
        Looked::Complete | Looked::Known | Looked::Nothing | Looked::Recovered(_) => {}
    }
    let (past, _) = read(&directory)?;
    if past.complete && !past.interrupted {
        return Err(Failure::usage(format!(
            "the run {} came to its end: there is nothing to go on with",
            directory.id
        )));
    }
    let Some(header) = past.header.clone() else {
        return Err(Failure::usage(format!(
            "the run {} cannot go on: its journal does not say how it was started",
            directory.id
        )));
    };
    Ok(Stopped {
        directory,
        header,
        past,
    })
}

fn read(directory: &RunDirectory) -> Result<(Past, Report), Failure> {
    let mut past = Past::default();
    let report = written::read_along(&directory.path, |record| past.push(record))?;
    past.judge(&report);
    Ok((past, report))
}

impl Stopped {
    fn go_on(
        self,
        options: &ResumeOptions,
        unit: &mut Option<Installed>,
    ) -> Result<Resumed, Failure> {
        let words = &self.header.command;
        let unusable = |why: String| {
            Failure::usage(format!(
                "the run {} cannot go on: it was started by {words:?}, {why}",
                self.directory.id
            ))
        };
        // The paths there may be relative.
        if let Some(folder) = &self.header.working_folder {
            std::env::set_current_dir(folder).map_err(|error| {
                Failure::unfit(format!(
                    "the run {} cannot go on: failed to enter its working folder {folder}: {error}",
                    self.directory.id
                ))
            })?;
        }
        // As it was then, whatever the configuration says by now.
        let cli = match &self.past.plan {
            Some(plan) => config::again(words, &plan.configured),
            None => config::parse(words.iter().map(Into::into).collect()),
        };
        let cli = cli.map_err(|wrong| match wrong {
            Wrong::Words(error) => {
                let first = error.to_string();
                let first = first.lines().next().unwrap_or_default();
                unusable(format!("which this version does not take: {first}"))
            }
            Wrong::Configuration(failure) => failure,
        })?;
        match cli.command {
            None => self.run(options, cli.run, unit),
            Some(Command::Run(run)) => self.run(options, *run, unit),
            Some(Command::Exec(exec)) => self.exec(options, exec),
            Some(_) => Err(unusable(
                "which is tried anew rather than gone on with".to_owned(),
            )),
        }
    }

    fn run(
        self,
        options: &ResumeOptions,
        mut run: RunOptions,
        unit: &mut Option<Installed>,
    ) -> Result<Resumed, Failure> {
        shown_as(&mut run.common, options);
        if let (None, Some(manager)) = (&unit, run.after_reset.auto_resume) {
            let manager = manager.unwrap_or_else(Manager::of_this_user);
            *unit = Some(Installed::of(manager, &self.directory.path)?);
        }
        if options.unattended.is_some() && self.resets() > run.after_reset.max_resets {
            return self.give_up(&run);
        }
        let prepared = Prepared::of(&run)?;
        if let Some(difference) = self
            .past
            .plan
            .as_ref()
            .and_then(|then| difference(then, &prepared.plan.record))
        {
            return Err(Failure::unfit(format!(
                "the run {} cannot go on, because it would not be the same run: {difference}; put that right, or begin a new run",
                self.directory.id
            )));
        }
        let attempts = self.attempts();
        let session = Session::go_on(
            &run.common,
            self.directory,
            attempts,
            Some(prepared.facts()),
        )?;
        if self.past.plan.is_none() {
            session
                .journal
                .append_durably(Event::Plan(prepared.plan.record.clone()))
                .map_err(Failure::unfit)?;
        }
        let (report, directory) = prepared.climb(session, self.past, options.retry)?;
        Ok(Resumed {
            code: finish(&run.common, &report, &directory)?,
            interrupted_by: report.run.interrupted_by,
        })
    }

    fn exec(mut self, options: &ResumeOptions, mut exec: ExecOptions) -> Result<Resumed, Failure> {
        shown_as(&mut exec.common, options);
        let times = match self.past.turn(exec::CASE) {
            Turn::Cut { times } => times,
            _ => 0,
        };
        if times > options.retry || options.retry == 0 {
            return Err(Failure::usage(format!(
                "the run {} is of a program of your own, which was tried {} before: --retry {} runs it once more",
                self.directory.id,
                if times == 1 { "once" } else { "several times" },
                times.max(1),
            )));
        }
        let group = exec.isolation.group(&Needs::default())?;
        let attempts = self.attempts();
        let session = Session::go_on(&exec.common, self.directory, attempts, None)?;
        let before = self.past.tried(exec::CASE);
        Ok(Resumed {
            code: exec::exec_in(&exec, group, session, before)?,
            interrupted_by: None,
        })
    }

    /// Restarts of the machine since the run began.
    fn resets(&self) -> u32 {
        let restarted = self.past.boot_id.is_some() && self.past.boot_id != boot::boot_id();
        self.past.resets.saturating_add(u32::from(restarted))
    }

    /// Attempts made so far. One may have had its folder made and nothing recorded.
    fn attempts(&self) -> u32 {
        let folders = fs::read_dir(self.directory.path.join("attempts"));
        let numbers = folders
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|folder| folder.file_name().to_str()?.parse().ok());
        numbers.fold(self.past.attempts, u32::max)
    }

    /// Leaves the run as it is, for somebody to decide.
    fn give_up(self, run: &RunOptions) -> Result<Resumed, Failure> {
        let what = format!(
            "the machine restarted {} times during this run, more than --max-resets {} allows: it does not go on by itself any more; crashpoint resume {} goes on by hand",
            self.resets(),
            run.after_reset.max_resets,
            self.directory.path.display(),
        );
        let report = written::read(&self.directory.path)?;
        eprintln!("crashpoint: {what}");
        Ok(Resumed {
            code: finish(&run.common, &report, &self.directory.path)?,
            interrupted_by: None,
        })
    }
}

/// By what was asked for now.
fn shown_as(common: &mut Common, options: &ResumeOptions) {
    common.json = options.json;
    common.quiet = options.quiet;
    common.verbose = options.verbose;
    common.color = options.color;
    common.no_progress = options.no_progress;
}

/// What is not as it was, in words.
fn difference(then: &Plan, now: &Plan) -> Option<String> {
    let mut differences = Vec::new();
    let settings = |plan: &Plan| serde_json::to_value(&plan.settings).unwrap_or_default();
    let (before, after) = (settings(then), settings(now));
    let names = before.as_object().into_iter().chain(after.as_object());
    let mut names: Vec<&String> = names.flat_map(|settings| settings.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let (before, after) = (&before[name], &after[name]);
        if before != after {
            differences.push(format!(
                "{} was {before} and is {after}",
                name.replace('_', " ")
            ));
        }
    }
    if then.images.len() != now.images.len() {
        let (before, after) = (then.images.len(), now.images.len());
        differences.push(format!("there were {before} images and are {after}"));
    } else {
        let pairs = then.images.iter().zip(&now.images);
        let changed = pairs.filter(|(before, after)| before.sha256 != after.sha256);
        differences.extend(changed.map(|(before, after)| {
            format!("image {} ({}) is another one", before.index, after.file)
        }));
    }
    if differences.is_empty() && then.cases != now.cases {
        differences.push("the cases are others".to_owned());
    }
    (!differences.is_empty()).then(|| differences.join(", "))
}
