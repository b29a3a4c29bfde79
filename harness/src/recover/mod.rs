//! Runs that never ended: which there are, what ended them, and that on record.

mod lock;
mod tail;
mod unfinished;

use std::path::{Path, PathBuf};

use crashpoint_probes::last_boot::{self, Asked, Root};
use crashpoint_reports::event::{Header, Writer};
use crashpoint_reports::recovery::{Life, Question, Recovery, RunState, decide, life};
use crashpoint_reports::{Event, Report};

pub use unfinished::{run_directories, unfinished};

use crate::failure::Failure;
use crate::journal::{self, Journal};
use crate::written::{self, Reading};

/// What a run directory turned out to be.
#[derive(Debug)]
pub enum Looked {
    /// It came to its own end.
    Complete,
    /// Somebody found out before what ended it.
    Known,
    /// Not even its header was recorded: it died in its first moment, or begins in this one.
    Nothing,
    /// Why it is thought to be still running, or to be another machine's.
    NotOver(String),
    /// What ended it is on record now.
    Recovered(Box<Recovery>),
}

/// Finds out what ended a run, and writes that down in its journal and its report. Writes nothing if
/// there is nothing to recover.
pub fn recover(directory: &Path) -> Result<(Looked, Report), Failure> {
    // Asked before anything is read: whoever dies in between writes nothing more.
    let locked = journal::is_locked(directory);
    let mut reading = Reading::of(directory)?;
    let looked = match look(directory, reading.state(), locked) {
        Ok(recovery) => {
            record(directory, reading.state(), &recovery)?;
            reading.go_on(directory)?;
            Looked::Recovered(Box::new(recovery))
        }
        Err(looked) => looked,
    };
    let report = reading.finish();
    // Whoever found it out before may not have come so far as to write the report.
    let unwritten = || matches!(looked, Looked::Known) && !directory.join("report.json").is_file();
    if matches!(looked, Looked::Recovered(_)) || unwritten() {
        written::write(directory, &report)?;
    }
    Ok((looked, report))
}

/// The same, and nothing is written: for a place that can't be written to, and for a run that is not
/// over, of which there is what it has so far.
pub fn without_writing(directory: &Path) -> Result<Report, Failure> {
    let locked = journal::is_locked(directory);
    let mut reading = Reading::of(directory)?;
    if let Ok(recovery) = look(directory, reading.state(), locked) {
        let header = own_header(reading.state());
        reading.take(Event::Header(header));
        reading.take(Event::Recovered(Box::new(recovery)));
    }
    Ok(reading.finish())
}

fn own_header(state: &RunState) -> Header {
    let run = state.header.as_ref().map_or("", |header| &header.run);
    journal::header(run, Writer::Recover)
}

/// What ended it, or why that is not to be found out.
fn look(directory: &Path, state: &RunState, locked: bool) -> Result<Recovery, Looked> {
    if state.complete {
        return Err(Looked::Complete);
    }
    if state.recovered {
        return Err(Looked::Known);
    }
    let Some(header) = &state.header else {
        return Err(Looked::Nothing);
    };
    let this = last_boot::this_boot();
    let hints = lock::hints(directory, locked, header.pid);
    let (confidence, evidence) = match life(state, header, &this, &hints) {
        Life::Gone {
            confidence,
            evidence,
        } => (confidence, evidence),
        Life::StillRunning(why) => {
            let why = format!("it is still running: {why}");
            return Err(Looked::NotOver(why));
        }
        Life::Elsewhere(why) => {
            let why = format!("it may be running elsewhere: {why}");
            return Err(Looked::NotOver(why));
        }
    };
    let asked = Asked {
        boot_id: header.boot_id.clone(),
        last_wall_us: state.last_wall_us,
    };
    let found = last_boot::look(&Root::default(), &this, &asked);
    Ok(decide(&Question {
        run: state,
        boot_id: &header.boot_id,
        this: &this,
        found: &found,
        gone: (confidence, &evidence),
    }))
}

fn record(directory: &Path, state: &RunState, recovery: &Recovery) -> Result<(), Failure> {
    let header = own_header(state);
    let journal =
        Journal::go_on(directory, header, journal::Config::default()).map_err(Failure::unfit)?;
    journal
        .append_durably(Event::Recovered(Box::new(recovery.clone())))
        .map_err(Failure::unfit)?;
    journal.close().map_err(Failure::unfit)
}

/// Before a new run: those in the same place that never ended, with a line for each. Nothing here may
/// keep the new run from beginning.
pub fn on_its_own(out: &Path, say: impl Fn(&str)) {
    let Ok(runs) = unfinished(out) else {
        return;
    };
    for run in runs {
        // One that is alive need not be read, however long it is.
        if journal::is_locked(&run) {
            continue;
        }
        let name = name(&run);
        match recover(&run).map(|(looked, _)| looked) {
            Ok(Looked::Recovered(recovery)) => say(&format!(
                "recovered the run {name}, which never ended: {} ({}); see {}",
                recovery.ended_by.words(),
                recovery.confidence,
                run.join("report.md").display()
            )),
            // Another run in the same place is nobody's business.
            Ok(Looked::NotOver(_) | Looked::Nothing | Looked::Complete | Looked::Known) => {}
            Err(failure) => say(&format!("could not recover the run {name}: {failure}")),
        }
    }
}

pub fn name(run: &Path) -> String {
    let path: PathBuf = run.canonicalize().unwrap_or_else(|_| run.to_owned());
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}
