//! Work that may never come back: a child with a deadline, a thread that may be left behind.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// What a command printed, up to `most` bytes, if it left in time and with success.
pub fn output(command: &mut Command, within: Duration, most: u64) -> Result<String, String> {
    let deadline = Instant::now() + within;
    let mut child = command
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let stdout = child.stdout.take();
    let read = in_time(within, move || {
        let mut text = Vec::new();
        let read = stdout.map(|stdout| stdout.take(most).read_to_end(&mut text));
        (read, text)
    });
    let Some((Some(Ok(_)), text)) = read else {
        let _ = child.kill();
        let _ = in_time(within, move || child.wait());
        return Err(format!("no answer within {} s", within.as_secs()));
    };
    // One that had more to say than we take is not waited for.
    if text.len() as u64 >= most {
        let _ = child.kill();
    }
    let left = deadline.saturating_duration_since(Instant::now());
    match in_time(left.max(Duration::from_millis(100)), move || child.wait()) {
        Some(Ok(status)) if status.success() || text.len() as u64 >= most => {
            Ok(String::from_utf8_lossy(&text).into_owned())
        }
        Some(Ok(status)) => Err(status.to_string()),
        Some(Err(error)) => Err(error.to_string()),
        None => Err(format!("no answer within {} s", within.as_secs())),
    }
}

/// The result of `work`, if it comes in time; otherwise its thread is left behind.
pub fn in_time<T: Send + 'static>(
    within: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, wait) = channel();
    std::thread::Builder::new()
        .name("bounded".to_owned())
        .spawn(move || done.send(work()))
        .ok()?;
    wait.recv_timeout(within).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_command_is_bounded_in_time_and_size() {
        let sh = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        assert_eq!(output(&mut sh("echo a"), LONG, 100).unwrap(), "a\n");
        assert!(output(&mut sh("echo a; exit 3"), LONG, 100).is_err());
        assert!(output(&mut sh("exec sleep 1000"), Duration::from_millis(50), 100).is_err());
        assert_eq!(output(&mut sh("exec yes"), LONG, 4).unwrap(), "y\ny\n");
        assert!(output(&mut Command::new("no-such-command"), LONG, 4).is_err());
    }
}
