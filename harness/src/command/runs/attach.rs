//! `crashpoint runs attach`: reads along in the journal of a run that another process writes, until that
//! process lets go of it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crashpoint_reports::journal::decode;
use crashpoint_reports::{Event, render};

use crate::cli::AttachOptions;
use crate::command::finish::{exit_code_of, print};
use crate::failure::Failure;
use crate::{journal, reports_at};

/// Nobody sees it sooner.
const LOOK: Duration = Duration::from_millis(100);
/// Read at once: a journal may be hundreds of megabytes.
const CHUNK: u64 = 4 << 20;

pub fn attach(options: &AttachOptions) -> Result<u8, Failure> {
    if !reports_at::is_run(&options.run) {
        return Err(Failure::usage(format!(
            "{} is no run directory: it holds no journal",
            options.run.display()
        )));
    }
    // A link may point to another run meanwhile.
    let run = options.run.canonicalize().map_err(|error| {
        Failure::usage(format!("failed to read {}: {error}", options.run.display()))
    })?;
    let mut tail = Tail::new(&run);
    loop {
        // Asked before it is read, so that the last records are read after the last look.
        let goes_on = journal::is_locked(&run);
        let lines = tail.read().map_err(|error| {
            Failure::unfit(format!(
                "failed to read the journal in {}: {error}",
                run.display()
            ))
        })?;
        if !lines.is_empty() {
            print(&lines)?;
        }
        if !goes_on {
            break;
        }
        std::thread::sleep(LOOK);
    }
    Ok(exit_code_of(&reports_at::one(&run)?))
}

/// How far the segments have been read.
struct Tail {
    folder: PathBuf,
    segment: usize,
    offset: u64,
    /// The beginning of a line whose end is not written yet.
    rest: Vec<u8>,
}

impl Tail {
    fn new(folder: &Path) -> Tail {
        Tail {
            folder: folder.to_owned(),
            segment: 0,
            offset: 0,
            rest: Vec::new(),
        }
    }

    /// What is worth saying of the records that have come since.
    fn read(&mut self) -> std::io::Result<String> {
        let mut said = String::new();
        let segments = journal::segments(&self.folder)?;
        while let Some(path) = segments.get(self.segment) {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(self.offset))?;
            let read = file.take(CHUNK).read_to_end(&mut self.rest)? as u64;
            self.offset += read;
            let whole = self.rest.iter().rposition(|&byte| byte == b'\n');
            let lines: Vec<u8> = self.rest.drain(..whole.map_or(0, |end| end + 1)).collect();
            for line in lines.split(|&byte| byte == b'\n') {
                if let Some(words) = decode(line).ok().and_then(|it| words(&it.event)) {
                    said += &render::plain_line(&words);
                    said.push('\n');
                }
            }
            if read == 0 {
                if self.segment + 1 == segments.len() {
                    break;
                }
                self.segment += 1;
                self.offset = 0;
                self.rest.clear();
            }
        }
        Ok(said)
    }
}

fn words(event: &Event) -> Option<String> {
    match event {
        Event::AttemptStart(start) => Some(format!("{}, attempt {}", start.case, start.n)),
        Event::Marker(marker) => {
            let image = marker
                .image
                .as_ref()
                .map(|it| format!("image {}, ", it.index));
            Some(format!("{}{}", image.unwrap_or_default(), marker.phase))
        }
        Event::Image { result, .. } => {
            let outcome = match (&result.error, result.outcome) {
                (Some(error), _) => error.message.clone(),
                (None, outcome) => outcome.to_string(),
            };
            let seconds = result
                .seconds
                .map_or_else(String::new, |it| format!(", {it:.3} s"));
            Some(format!("image {}: {outcome}{seconds}", result.index))
        }
        Event::WorkerError { error, .. } => Some(format!("error: {}", error.message)),
        Event::AttemptEnd(end) => Some(format!("ended: {}", end.ending)),
        Event::Skipped { case, because } => Some(format!("{case}: skipped, {because}")),
        Event::Trouble { what } => Some(format!("trouble: {what}")),
        Event::Interrupted { signal } => Some(format!("interrupted by signal {signal}")),
        Event::RunEnd {} => Some("the run is over".to_owned()),
        _ => None,
    }
}
