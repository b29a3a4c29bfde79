//! The last record of a journal, without reading all of it: a day's is hundreds of megabytes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crashpoint_reports::journal::decode;
use crashpoint_reports::{Event, Record};

/// A longer last line makes the whole journal be read, which decides all the same.
const END_BYTES: u64 = 256 << 10;

/// Whether the last whole record says that nothing is left to find out.
pub fn is_settled(segment: &Path) -> bool {
    last_record(segment)
        .ok()
        .flatten()
        .is_some_and(|record| matches!(record.event, Event::RunEnd {} | Event::Recovered(_)))
}

fn last_record(segment: &Path) -> io::Result<Option<Record>> {
    let mut file = File::open(segment)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(END_BYTES)))?;
    let mut end = Vec::new();
    file.take(END_BYTES).read_to_end(&mut end)?;
    let mut lines = end.rsplit(|&byte| byte == b'\n');
    // What follows the last newline is torn.
    lines.next();
    Ok(lines.next().and_then(|line| decode(line).ok()))
}
