//! All segments of a run directory, read as the one journal that they are.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crashpoint_reports::Record;
use crashpoint_reports::event::Previous;
use crashpoint_reports::journal::{Reader, bounds, previous};

/// A header with the longest command line that Linux takes is far below this.
const FIRST_LINE_BYTES: u64 = 4 << 20;

/// In order; empty if the folder holds no journal.
pub fn segments(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut segments: Vec<(u32, PathBuf)> = fs::read_dir(folder)?
        .flatten()
        .filter_map(|entry| Some((number(&entry.path())?, entry.path())))
        .collect();
    segments.sort();
    Ok(segments.into_iter().map(|(_, path)| path).collect())
}

/// By number, not by name: a long run may have more than 9999.
pub fn number(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    let digits = name.strip_prefix("journal-")?.strip_suffix(".jsonl")?;
    digits.parse().ok()
}

/// Hands on every record that counts, in order. An error says which file could not be read.
pub fn read(
    segments: &[PathBuf],
    mut record: impl FnMut(Record),
) -> Result<Reader, (PathBuf, io::Error)> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    let mut follows = Vec::with_capacity(segments.len());
    for path in segments {
        follows.push(previous_of(path).map_err(at(path))?);
    }
    let mut reader = Reader::new();
    for (path, until) in segments.iter().zip(bounds(&follows)) {
        read_until(&mut reader, path, until, &mut record).map_err(at(path))?;
    }
    Ok(reader)
}

/// One more segment, which has come after all that were read.
pub fn read_on(reader: &mut Reader, segment: &Path, record: impl FnMut(Record)) -> io::Result<()> {
    read_until(reader, segment, None, record)
}

fn read_until(
    reader: &mut Reader,
    segment: &Path,
    until: Option<u64>,
    record: impl FnMut(Record),
) -> io::Result<()> {
    let name = segment.file_name().unwrap_or_default().to_string_lossy();
    let file = File::open(segment)?;
    reader.segment(&name, until, BufReader::new(file), record)
}

fn previous_of(path: &Path) -> io::Result<Option<Previous>> {
    let mut line = Vec::new();
    BufReader::new(File::open(path)?)
        .take(FIRST_LINE_BYTES)
        .read_until(b'\n', &mut line)?;
    Ok(previous(&line))
}
