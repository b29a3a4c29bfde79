//! The minidump: registers and stacks of all threads, modules, and no environment.

use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use minidump_writer::CrashContextExt;
use minidump_writer::minidump_writer::MinidumpWriterConfig;

use super::context::Context;
use super::{Stopped, scrub, write};
use crate::crash::MINIDUMP_FILE;

/// More than this only a great many threads bring about; the later ones then give less of their stacks.
const SIZE: u64 = 32 << 20;
/// The process stands in a signal handler already: it stops at once, or something is wrong.
const STOP: Duration = Duration::from_millis(500);

pub fn write(context: &Context, folder: &Path) -> Result<(), String> {
    let mut writer = MinidumpWriterConfig::new(context.pid(), context.tid());
    writer
        .set_crash_context(CrashContextExt {
            inner: context.for_minidump(),
        })
        .set_minidump_size_limit(SIZE)
        .stop_timeout(STOP);
    let environment = scrub::environment_of(context.pid());
    // Made in memory, since the secrets must never reach the disk.
    let mut dump = writer
        .write(&mut Nowhere(0))
        .map_err(|error| error.to_string())?;
    // The writer has let the process go on.
    let _stopped = Stopped::stop(context.pid());
    scrub::scrub(&mut dump, environment);
    write::whole(folder, MINIDUMP_FILE, &dump).map_err(|error| error.to_string())
}

/// The writer insists on a file beside the memory that it writes to.
struct Nowhere(u64);

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Nowhere {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let moved = |from: u64, by: i64| from.checked_add_signed(by);
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) | SeekFrom::End(by) => moved(self.0, by),
        };
        self.0 = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.0)
    }
}
