//! What a worker's own signal handler left in the attempt's folder.

use std::io;
use std::path::Path;

use crashpoint_reports::gathered::{Crash, NotReadable};
use crashpoint_scenarios::crash::{CRASH_FILE, MINIDUMP_FILE};

use super::left_file;

/// Ours are a few thousand bytes; whatever else lies there is not read to its end.
const MOST_BYTES: u64 = 256 << 10;
const MOST_FRAMES: usize = 64;
/// Of any one text in it: names of generic functions grow long.
const MOST_CHARACTERS: usize = 500;

/// Nothing where there was no fatal signal, or a worker that has no such handler.
pub fn left_in(folder: &Path) -> Result<Option<Crash>, NotReadable> {
    let text = match left_file::read(&folder.join(CRASH_FILE), MOST_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(not_readable(error)),
    };
    let mut crash: Crash = serde_json::from_slice(&text).map_err(not_readable)?;
    crash.frames.truncate(MOST_FRAMES);
    for frame in &mut crash.frames {
        shorten(&mut frame.module);
        shorten(&mut frame.symbol);
    }
    for text in [
        &mut crash.mapping,
        &mut crash.thread,
        &mut crash.instruction,
    ] {
        shorten(text);
    }
    let minidump = folder.join(MINIDUMP_FILE);
    let there = minidump.symlink_metadata().is_ok_and(|it| it.is_file());
    crash.minidump = there.then(|| MINIDUMP_FILE.to_owned());
    Ok(Some(crash))
}

fn shorten(text: &mut Option<String>) {
    if let Some(text) = text
        && let Some((at, _)) = text.char_indices().nth(MOST_CHARACTERS)
    {
        text.truncate(at);
    }
}

fn not_readable(because: impl ToString) -> NotReadable {
    NotReadable {
        what: format!("the worker's {CRASH_FILE}"),
        because: because.to_string(),
        remedy: "run the case again".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn nothing_is_no_crash_and_garbage_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(left_in(folder.path()), Ok(None));
        fs::write(folder.path().join(CRASH_FILE), "{\"signal\": 11").unwrap();
        assert!(left_in(folder.path()).unwrap_err().because.contains("EOF"));
    }

    #[test]
    fn only_so_much_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let frame = format!(r#"{{"symbol": "{}"}}"#, "x".repeat(1000));
        let frames = vec![frame; 100].join(",");
        let text = format!(r#"{{"signal": 11, "minidump": "/etc/passwd", "frames": [{frames}]}}"#);
        fs::write(folder.path().join(CRASH_FILE), text).unwrap();
        let crash = left_in(folder.path()).unwrap().unwrap();
        assert_eq!(crash.frames.len(), MOST_FRAMES);
        assert_eq!(
            crash.frames[0].symbol.as_ref().map(String::len),
            Some(MOST_CHARACTERS)
        );
        assert_eq!(crash.minidump, None);
    }

    #[test]
    fn a_pipe_and_a_link_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(CRASH_FILE);
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(left_in(folder.path()).is_err());
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert!(left_in(folder.path()).is_err());
    }
}
