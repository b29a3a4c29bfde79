//! What the handler writes itself where the helper left nothing: the least there is to say.

use std::fmt::{self, Write};

use crash_handler::CrashContext;

/// Room for the numbers and one of the sentences below.
const ROOM: usize = 512;

/// Why the helper left nothing.
#[derive(Debug, Clone, Copy)]
pub enum Why {
    NotStarted,
    Failed,
    TookTooLong,
}

impl Why {
    fn words(self) -> &'static str {
        match self {
            Why::NotStarted => "the minidump helper could not be started",
            Why::Failed => "the minidump helper ended without a word",
            Why::TookTooLong => "the minidump helper took too long and was ended",
        }
    }
}

/// Text on the stack: a signal handler cannot allocate.
pub struct LastWords {
    bytes: [u8; ROOM],
    length: usize,
}

impl LastWords {
    pub fn new(context: &CrashContext, why: Why) -> LastWords {
        let mut words = LastWords {
            bytes: [0; ROOM],
            length: 0,
        };
        let info = &context.siginfo;
        // Too long it cannot be; and then it would be no JSON, which is read as nothing.
        let _ = write!(
            words,
            r#"{{"signal":{},"code":{},"pid":{},"failures":["{}"]}}"#,
            // The kernel's own struct has it unsigned, and it is never as large.
            info.ssi_signo as i32,
            info.ssi_code,
            context.pid,
            why.words()
        );
        words
    }

    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Write for LastWords {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crashpoint_reports::gathered::Crash;

    #[test]
    fn they_read_as_a_crash() {
        let context = CrashContext::from_bytes(&[0xff; size_of::<CrashContext>()]).unwrap();
        for why in [Why::NotStarted, Why::Failed, Why::TookTooLong] {
            let words = LastWords::new(&context, why);
            let crash: Crash = serde_json::from_slice(words.bytes()).unwrap();
            assert_eq!((crash.code, crash.pid), (-1, -1));
            assert_eq!(crash.failures, [why.words()]);
        }
    }
}
