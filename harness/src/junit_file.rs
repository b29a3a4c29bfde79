//! `junit.xml` while a run goes on: whole at any time, and renewed after each case.
//!
//! It is made from the journal, as everything is. Reading that takes longer the longer a run lasts, so
//! that only a small share of the time is spent on it; the last one is written when the run ends.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crashpoint_reports::{Report, render};

use crate::failure::Failure;
use crate::run_directory::write_whole;
use crate::written;

/// What it took last time is waited for so often before the next.
const SHARE: u32 = 50;

#[derive(Debug)]
pub struct JUnitFile {
    directory: PathBuf,
    /// Where the user wants it too.
    also: Option<PathBuf>,
    /// Not before.
    next: Cell<Option<Instant>>,
}

impl JUnitFile {
    /// A place that can't be written to is found before the run, not after it.
    pub fn new(directory: &Path, also: Option<&Path>) -> Result<JUnitFile, Failure> {
        let also = also.map(place).transpose()?;
        Ok(JUnitFile {
            directory: directory.to_owned(),
            also,
            next: Cell::new(None),
        })
    }

    /// From what is recorded so far. One that can't be written now is told at the end.
    pub fn renew(&self) {
        let began = Instant::now();
        if self.next.get().is_some_and(|next| began < next) {
            return;
        }
        if let Ok(report) = written::read(&self.directory) {
            let text = render::junit(&report);
            for path in self.paths() {
                let _ = write_whole(&path, text.as_bytes());
            }
        }
        let took = began.elapsed().max(Duration::from_millis(1));
        self.next.set(began.checked_add(took.saturating_mul(SHARE)));
    }

    fn paths(&self) -> impl Iterator<Item = PathBuf> {
        let own = self.directory.join("junit.xml");
        std::iter::once(own).chain(self.also.clone())
    }

    /// Where the user wants it; in the run directory it is written with the report.
    pub fn finish(&self, report: &Report) -> Result<(), Failure> {
        self.also.as_ref().map_or(Ok(()), |path| {
            write_whole(path, render::junit(report).as_bytes())
                .map_err(|error| Failure::write(path, &error))
        })
    }
}

fn place(path: &Path) -> Result<PathBuf, Failure> {
    let whole = std::path::absolute(path).map_err(|error| Failure::write(path, &error))?;
    let is_there = whole.parent().is_some_and(Path::is_dir) && !whole.is_dir();
    is_there.then_some(whole).ok_or_else(|| {
        Failure::usage(format!(
            "--junit {} is no place for a file: name one in a folder that exists",
            path.display()
        ))
    })
}
