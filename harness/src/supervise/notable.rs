//! The lines of an attempt's logs that say something, wherever in them they stand.

use std::collections::VecDeque;
use std::path::Path;

use crashpoint_reports::diagnose::{Scan, Source};
use crashpoint_reports::gathered::NotableLine;

use super::left_file;

/// The logs are bounded when they are written; this is for one that somebody else wrote to.
const LOG_BYTES: u64 = 3 << 20;
/// Of each stream the first ones, since the first error decides, and the last ones.
const OF_STDERR: usize = 24;
const OF_STDOUT: usize = 8;
const LINE_BYTES: usize = 2048;

pub fn lines(folder: &Path) -> Vec<NotableLine> {
    let mut lines = of(folder, "stderr", Source::Stderr, OF_STDERR);
    lines.extend(of(folder, "stdout", Source::Stdout, OF_STDOUT));
    lines
}

fn of(folder: &Path, stream: &str, source: Source, most: usize) -> Vec<NotableLine> {
    let Ok(log) = left_file::read(&folder.join(format!("{stream}.log")), LOG_BYTES) else {
        return Vec::new();
    };
    let mut first = Vec::new();
    let mut last = VecDeque::new();
    for (line, number) in log.split(|&byte| byte == b'\n').zip(1..) {
        let text = String::from_utf8_lossy(line.get(..line.len().min(LINE_BYTES)).unwrap_or(line));
        let text = text.trim_end();
        if !Scan::is_notable(source, text) {
            continue;
        }
        let line = NotableLine {
            stream: stream.to_owned(),
            line: number,
            text: text.to_owned(),
        };
        if first.len() < most {
            first.push(line);
        } else {
            if last.len() == most {
                last.pop_front();
            }
            last.push_back(line);
        }
    }
    first.extend(last);
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn what_matters_is_found_amid_what_does_not_with_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = "loading shard\n".repeat(5000);
        writeln!(
            log,
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."
        )
        .unwrap();
        log += &"retrying\n".repeat(50_000);
        std::fs::write(folder.path().join("stderr.log"), log).unwrap();
        let lines = lines(folder.path());
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!((lines[0].stream.as_str(), lines[0].line), ("stderr", 5001));
    }

    #[test]
    fn their_number_is_bounded_and_both_ends_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let log: String = (0..1000)
            .map(|n| {
                format!("RuntimeError: CUDA error: an illegal memory access was encountered {n}\n")
            })
            .collect();
        std::fs::write(folder.path().join("stdout.log"), &log).unwrap();
        std::fs::write(folder.path().join("stderr.log"), &log).unwrap();
        let lines = lines(folder.path());
        assert_eq!(lines.len(), 64);
        let numbers: Vec<u64> = lines.iter().map(|line| line.line).collect();
        assert_eq!((numbers[0], numbers[47]), (1, 1000));
    }
}
