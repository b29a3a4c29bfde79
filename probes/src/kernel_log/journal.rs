//! `journalctl -k`, for those who may not read `/dev/kmsg`.

use std::process::Command;
use std::time::Duration;

use crashpoint_reports::gathered::KernelLog;

use super::kept::Kept;
use crate::bounded;

const ANSWERS: Duration = Duration::from_secs(2);
const MOST_BYTES: u64 = 4 << 20;

pub fn since(wall_us: u64, mut kept: Kept) -> Result<KernelLog, String> {
    // Whoever may not read it gets an empty answer and no error; a kernel that booted has a line.
    let any = ask(&["-n", "1"])?;
    if any.trim().is_empty() {
        return Err("not one line of this boot can be seen".to_owned());
    }
    let (seconds, us) = (wall_us / 1_000_000, wall_us % 1_000_000);
    let text = ask(&["--since", &format!("@{seconds}.{us:06}")])?;
    text.lines().for_each(|line| kept.take(&as_dmesg(line)));
    Ok(kept.finish("journalctl -k"))
}

fn ask(arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("journalctl");
    command
        .args(["-k", "-b", "--no-pager", "-q", "-o", "short-monotonic"])
        .args(arguments);
    bounded::output(&mut command, ANSWERS, MOST_BYTES)
}

/// `[  1.5] host kernel: text` without the host.
fn as_dmesg(line: &str) -> String {
    let parts = line
        .split_once("] ")
        .and_then(|(time, rest)| Some((time, rest.split_once(" kernel: ")?)));
    match parts {
        Some((time, (host, text))) if !host.contains(' ') => format!("{time}] {text}"),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_left_out() {
        assert_eq!(
            as_dmesg("[   12.345678] gpu-box kernel: NVRM: loading"),
            "[   12.345678] NVRM: loading"
        );
        for other in ["", "-- No entries --", "[ 1.0] a b kernel: c"] {
            assert_eq!(as_dmesg(other), other);
        }
    }
}
