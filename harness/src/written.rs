//! The report of a run: read from its journal, never from anything else.

use std::path::{Path, PathBuf};

use crashpoint_probes::boot::Clocks;
use crashpoint_reports::fold::Fold;
use crashpoint_reports::journal::Reader;
use crashpoint_reports::recovery::{RunState, Trace};
use crashpoint_reports::{Event, Record, Report, render};

use crate::failure::Failure;
use crate::journal;
use crate::run_directory::write_whole;

/// Folds the journal of a run directory.
pub fn read(directory: &Path) -> Result<Report, Failure> {
    Ok(Reading::of(directory)?.finish())
}

/// The same, for somebody who wants to see the records as well.
pub fn read_along(directory: &Path, also: impl FnMut(&Record)) -> Result<Report, Failure> {
    Ok(Reading::along(directory, also)?.finish())
}

/// A journal as far as it has been read: a long one is not read again for what was added to it.
pub struct Reading {
    fold: Fold,
    trace: Trace,
    reader: Reader,
    read: Vec<PathBuf>,
}

impl Reading {
    pub fn of(directory: &Path) -> Result<Reading, Failure> {
        Reading::along(directory, |_| {})
    }

    fn along(directory: &Path, mut also: impl FnMut(&Record)) -> Result<Reading, Failure> {
        let segments = segments(directory)?;
        if segments.is_empty() {
            return Err(Failure::usage(format!(
                "{} is no run directory: it holds no journal",
                directory.display()
            )));
        }
        let mut fold = Fold::new();
        let mut trace = Trace::new();
        let reader = journal::read(&segments, |record| {
            also(&record);
            trace.push(&record);
            fold.push(record);
        })
        .map_err(unreadable)?;
        Ok(Reading {
            fold,
            trace,
            reader,
            read: segments,
        })
    }

    /// How far the run came, and whether anybody knows its end.
    pub fn state(&self) -> &RunState {
        self.trace.state()
    }

    /// Reads on in the segments that have come since.
    pub fn go_on(&mut self, directory: &Path) -> Result<(), Failure> {
        for segment in segments(directory)? {
            if !self.read.contains(&segment) {
                let (fold, trace) = (&mut self.fold, &mut self.trace);
                journal::read_on(&mut self.reader, &segment, |record| {
                    trace.push(&record);
                    fold.push(record);
                })
                .map_err(|error| unreadable((segment.clone(), error)))?;
                self.read.push(segment);
            }
        }
        Ok(())
    }

    /// Takes an event as if it were the next one there.
    pub fn take(&mut self, event: Event) {
        let Clocks {
            mono_us, wall_us, ..
        } = Clocks::now();
        let record = Record {
            seq: self.trace.state().last_seq.saturating_add(1),
            mono_us,
            wall_us,
            event,
        };
        self.trace.push(&record);
        self.fold.push(record);
    }

    pub fn finish(self) -> Report {
        self.fold.finish(self.reader.finish())
    }
}

fn segments(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    journal::segments(directory).map_err(|error| {
        Failure::usage(format!(
            "failed to read the run {}: {error}",
            directory.display()
        ))
    })
}

fn unreadable((path, error): (PathBuf, std::io::Error)) -> Failure {
    Failure::unfit(format!("failed to read {}: {error}", path.display()))
}

/// Writes the report in every form that a run directory holds.
pub fn write(directory: &Path, report: &Report) -> Result<(), Failure> {
    let forms = [
        ("report.json", render::json(report)),
        ("report.md", render::markdown(report)),
        ("report.html", render::html(report)),
        ("junit.xml", render::junit(report)),
    ];
    for (name, text) in forms {
        let path = directory.join(name);
        write_whole(&path, text.as_bytes()).map_err(|error| Failure::write(&path, &error))?;
    }
    Ok(())
}
