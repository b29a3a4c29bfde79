//! What every thread of a process is doing, before it is told to end.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crashpoint_reports::event::ThreadState;

use super::system_call;

/// A program can have thousands of threads; the first ones tell what there is to tell.
const MOST: usize = 64;
const STACK_LINES: usize = 12;
/// Over so long it is looked which of them use a processor: a thread that works is told from one
/// that waits.
const LOOK: Duration = Duration::from_millis(200);

/// Reads `/proc`, which answers even for a process that is stuck in the kernel.
pub fn states(pid: i32) -> Vec<ThreadState> {
    let began = Instant::now();
    let before: HashMap<i32, u64> = tasks(pid)
        .into_iter()
        .filter_map(|(tid, task)| Some((tid, run_ns(Path::new(&task))?)))
        .collect();
    std::thread::sleep(LOOK);
    let looked_ns = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
    tasks(pid)
        .into_iter()
        .filter_map(|(tid, task)| {
            let task = Path::new(&task);
            let ran = run_ns(task).zip(before.get(&tid)).map(|(now, before)| {
                let share = now.saturating_sub(*before).saturating_mul(100) / looked_ns.max(1);
                u32::try_from(share.min(100)).unwrap_or(100)
            });
            state(tid, task, ran)
        })
        .collect()
}

fn tasks(pid: i32) -> Vec<(i32, String)> {
    fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten()
        .take(MOST)
        .filter_map(|task| {
            let tid = task.file_name().to_str()?.parse().ok()?;
            Some((tid, task.path().to_str()?.to_owned()))
        })
        .collect()
}

/// Time on a processor.
fn run_ns(task: &Path) -> Option<u64> {
    let text = fs::read_to_string(task.join("schedstat")).ok()?;
    text.split(' ').next()?.parse().ok()
}

fn state(tid: i32, task: &Path, cpu_percent: Option<u32>) -> Option<ThreadState> {
    let stat = fs::read_to_string(task.join("stat")).ok()?;
    // The name stands in parentheses and may hold anything, parentheses too.
    let (before, after) = stat.rsplit_once(')')?;
    let name = before.split_once('(')?.1;
    let word = |file: &str| {
        let text = fs::read_to_string(task.join(file)).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty() && text != "0")
    };
    let call = word("syscall").and_then(|text| system_call::Call::parse(&text));
    Some(ThreadState {
        tid,
        name: name.to_owned(),
        state: after.split_whitespace().next()?.to_owned(),
        wchan: word("wchan"),
        syscall: call.as_ref().map(system_call::Call::name),
        file: call
            .and_then(|call| call.file())
            .and_then(|fd| fs::read_link(task.join(format!("fd/{fd}"))).ok())
            .map(|file| file.display().to_string()),
        cpu_percent,
        // Root's to read.
        stack: fs::read_to_string(task.join("stack"))
            .unwrap_or_default()
            .lines()
            .take(STACK_LINES)
            .map(|line| {
                line.split_once("] ")
                    .map_or(line, |(_, function)| function)
                    .to_owned()
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_process_that_waits_for_its_input_is_seen_waiting() {
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let pid = child.id().cast_signed();
        // Between its start and its first read it does other things.
        let waiting = std::iter::repeat_with(|| states(pid))
            .take(100)
            .find(|threads| threads[0].syscall.as_deref() == Some("read"));
        let _ = child.kill();
        let _ = child.wait();
        let threads = waiting.unwrap();
        assert_eq!(threads.len(), 1);
        assert_eq!(threads[0].state, "S");
        let file = threads[0].file.as_deref().unwrap();
        assert!(file.starts_with("pipe:["), "{file}");
    }

    #[test]
    fn this_process_has_a_running_thread() {
        let states = states(std::process::id() as i32);
        assert!(
            states.iter().any(|thread| thread.state == "R"),
            "{states:?}"
        );
    }
}
