//! What every thread of a process is doing, before it is told to end.

use std::fs;
use std::path::Path;

use crashpoint_reports::event::ThreadState;

/// A program can have thousands of threads; the first ones tell what there is to tell.
const MOST: usize = 64;

/// Reads `/proc`, which answers even for a process that is stuck in the kernel.
pub fn states(pid: i32) -> Vec<ThreadState> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    tasks
        .flatten()
        .take(MOST)
        .filter_map(|task| {
            let tid = task.file_name().to_str()?.parse().ok()?;
            state(tid, &task.path())
        })
        .collect()
}

fn state(tid: i32, task: &Path) -> Option<ThreadState> {
    let stat = fs::read_to_string(task.join("stat")).ok()?;
    // The name stands in parentheses and may hold anything, parentheses too.
    let (before, after) = stat.rsplit_once(')')?;
    let name = before.split_once('(')?.1;
    let word = |file: &str| {
        let text = fs::read_to_string(task.join(file)).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty() && text != "0")
    };
    Some(ThreadState {
        tid,
        name: name.to_owned(),
        state: after.split_whitespace().next()?.to_owned(),
        wchan: word("wchan"),
        syscall: word("syscall").and_then(|text| text.split(' ').next().map(str::to_owned)),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn this_process_has_a_running_thread() {
        let states = super::states(std::process::id() as i32);
        assert!(
            states.iter().any(|thread| thread.state == "R"),
            "{states:?}"
        );
    }
}
