//! `/dev/kmsg`: one record a read, `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;TEXT`, then lines of
//! properties that begin with a space.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use crashpoint_reports::gathered::KernelLog;

use super::kept::Kept;

const PATH: &str = "/dev/kmsg";
/// The kernel refuses to cut a record: this is the most that one can take.
const RECORD_BYTES: usize = 8192;
/// A kernel that logs faster than it is read must not keep us.
const READING: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Kmsg {
    file: File,
}

impl Kmsg {
    /// Before the oldest record that the ring still holds.
    pub fn at_the_beginning() -> io::Result<Kmsg> {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(nix::libc::O_NONBLOCK)
            .open(PATH)?;
        Ok(Kmsg { file })
    }

    pub fn at_the_end() -> io::Result<Kmsg> {
        let mut kmsg = Kmsg::at_the_beginning()?;
        kmsg.file.seek(SeekFrom::End(0))?;
        Ok(kmsg)
    }

    pub fn rest(self) -> KernelLog {
        self.rest_into(Kept::default())
    }

    pub fn rest_into(mut self, kept: Kept) -> KernelLog {
        let deadline = Instant::now() + READING;
        let mut records = Records {
            kept,
            last_sequence: None,
        };
        let mut buffer = [0; RECORD_BYTES];
        while Instant::now() < deadline {
            match self.file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => records.take(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What stood here was overwritten; the next read goes on with the oldest there is.
                Err(error) if error.raw_os_error() == Some(nix::libc::EPIPE) => {
                    records.kept.lost_some = true;
                }
                Err(_) => break,
            }
        }
        records.kept.finish(PATH)
    }
}

#[derive(Debug, Default)]
struct Records {
    kept: Kept,
    last_sequence: Option<u64>,
}

impl Records {
    /// What is no record is passed over.
    fn take(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let Some((prefix, rest)) = text.split_once(';') else {
            return;
        };
        let mut fields = prefix.split(',').skip(1).map(str::parse::<u64>);
        let (Some(Ok(sequence)), Some(Ok(us))) = (fields.next(), fields.next()) else {
            return;
        };
        if self
            .last_sequence
            .is_some_and(|last| sequence > last.saturating_add(1))
        {
            self.kept.lost_some = true;
        }
        self.last_sequence = Some(sequence);
        let message = rest.split('\n').next().unwrap_or_default();
        let (seconds, us) = (us / 1_000_000, us % 1_000_000);
        for line in unescaped(message).split('\n') {
            self.kept
                .take(&format!("[{seconds:5}.{us:06}] {}", line.trim_end()));
        }
    }
}

/// Records as one read after the other would bring them.
#[cfg(fuzzing)]
pub(crate) fn fuzz(bytes: &[u8]) {
    let mut records = Records::default();
    for record in bytes.split(|&byte| byte == 0) {
        records.take(record);
    }
    drop(records.kept.finish(PATH));
}

/// The kernel writes newlines, other control characters and backslashes as `\xNN`.
fn unescaped(text: &str) -> String {
    let mut plain: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escape = rest
            .get(..4)
            .filter(|escape| escape.starts_with(b"\\x"))
            .and_then(|escape| std::str::from_utf8(escape.get(2..)?).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escape {
            Some(value) => {
                plain.push(value);
                rest = rest.get(4..).unwrap_or_default();
            }
            None => {
                plain.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(records: &[&str]) -> KernelLog {
        let mut taken = Records::default();
        for record in records {
            taken.take(record.as_bytes());
        }
        taken.kept.finish("test")
    }

    #[test]
    fn a_record_looks_as_dmesg_prints_it() {
        let log = lines(&[
            "6,12,86400123456,-;worker[77]: segfault at 0 ip 0 sp 0 error 4\n",
            "4,13,86400123460,-,caller=T9;usb 1-1: reset\n SUBSYSTEM=usb\n DEVICE=+usb:1-1\n",
        ]);
        assert_eq!(
            log.lines,
            [
                "[86400.123456] worker[77]: segfault at 0 ip 0 sp 0 error 4",
                "[86400.123460] usb 1-1: reset",
            ]
        );
        assert!(!log.lost_some);
    }

    #[test]
    fn escapes_are_undone_and_lines_told_apart() {
        let log = lines(&["3,1,5000001,-;first\\x0asecond \\x5c \\xc3\\xa4 \\xz1 \\x\n"]);
        assert_eq!(
            log.lines,
            [
                "[    5.000001] first",
                "[    5.000001] second \\ ä \\xz1 \\x"
            ]
        );
    }

    #[test]
    fn a_gap_in_the_numbers_is_told() {
        assert!(lines(&["6,1,1,-;a", "6,3,1,-;b"]).lost_some);
        assert!(
            !lines(&["6,1,1,-;a", "6,2,1,c;b", "6,18446744073709551615,1,-;"])
                .lines
                .is_empty()
        );
    }

    #[test]
    fn what_is_no_record_is_passed_over() {
        for text in [
            "",
            ";",
            "6,1;x",
            "6,x,1,-;x",
            "6,1,-1,-;x",
            "no semicolon",
            ",,,;",
        ] {
            assert!(lines(&[text]).lines.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn only_what_came_since_is_read() {
        let Ok(kmsg) = Kmsg::at_the_end() else {
            println!("skipped: /dev/kmsg is not readable");
            return;
        };
        let mark = format!("crashpoint-test-{}", std::process::id());
        // Only root may write there.
        if std::fs::write(PATH, format!("{mark}\n")).is_err() {
            println!("skipped: /dev/kmsg is not writable");
            return;
        }
        let log = kmsg.rest();
        assert_eq!(
            log.lines.iter().filter(|line| line.contains(&mark)).count(),
            1
        );
        assert!(log.lines.iter().all(|line| !line.contains("Linux version")));
    }
}
