//! The machine that a script describes, while it is asked: how often each function was called, and
//! which Xids were told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::answer::Answer;
use crate::script::{Gpu, Script};
use crate::series::Turn;

const SCRIPT: &str = "CRASHPOINT_FAKE_NVML";
/// How often a file that triggers something is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(2);

static SCRIPT_READ: LazyLock<Result<Script, String>> = LazyLock::new(|| {
    let path = std::env::var_os(SCRIPT).ok_or_else(|| format!("{SCRIPT} is not set"))?;
    Script::read(&PathBuf::from(path))
});
static SEEN: LazyLock<Mutex<Seen>> = LazyLock::new(Mutex::default);

#[derive(Debug, Default)]
struct Seen {
    /// By GPU and function, or by event set.
    calls: BTreeMap<(usize, &'static str), u64>,
    /// The GPUs in each event set, by the set's number from 1.
    sets: Vec<Vec<usize>>,
    /// Places in the script.
    xids_told: BTreeSet<usize>,
}

/// A script that can't be read is the test's own fault and must not pass for a machine.
pub(crate) fn script() -> &'static Script {
    match &*SCRIPT_READ {
        Ok(script) => script,
        Err(why) => {
            eprintln!("fake-nvml: {why}");
            std::process::abort();
        }
    }
}

fn seen() -> MutexGuard<'static, Seen> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The GPU of this index and the turn of this call, unless the script has another answer for it.
pub(crate) fn turn(
    gpu: usize,
    function: &'static str,
) -> Result<(&'static Gpu, Turn<'static>), Answer> {
    let script = script();
    let of_it = script.gpu.get(gpu);
    let of_it = of_it.ok_or(Answer::Unknown)?;
    let turn = Turn {
        n: count(gpu, function),
        folder: &script.folder,
    };
    let instead = of_it.instead.iter().find(|instead| {
        (instead.call == "*" || instead.call == function) && instead.trigger.is_due(turn)
    });
    match instead {
        Some(instead) => Err(instead.answer),
        None => Ok((of_it, turn)),
    }
}

pub(crate) fn new_set() -> usize {
    let mut seen = seen();
    seen.sets.push(Vec::new());
    seen.sets.len()
}

pub(crate) fn register(set: usize, gpu: usize) -> bool {
    let mut seen = seen();
    let place = set.checked_sub(1);
    let set = place.and_then(|place| seen.sets.get_mut(place));
    set.map(|gpus| gpus.push(gpu)).is_some()
}

/// The GPU and the number of the next Xid on a GPU of the set. Each is told once.
pub(crate) fn next_xid(set: usize, within: Duration, n: u64) -> Option<(usize, u64)> {
    let script = script();
    let turn = Turn {
        n,
        folder: &script.folder,
    };
    let deadline = Instant::now() + within;
    loop {
        {
            let mut seen = seen();
            let gpus = set.checked_sub(1).and_then(|place| seen.sets.get(place))?;
            let due = script.xid.iter().enumerate().find(|(place, xid)| {
                gpus.contains(&xid.gpu)
                    && !seen.xids_told.contains(place)
                    && xid.trigger.is_due(turn)
            });
            if let Some((place, xid)) = due {
                seen.xids_told.insert(place);
                return Some((xid.gpu, xid.number));
            }
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        std::thread::sleep(left.min(LOOK_EVERY));
    }
}

/// How often this was asked of that before.
pub(crate) fn count(of: usize, what: &'static str) -> u64 {
    let mut seen = seen();
    let calls = seen.calls.entry((of, what)).or_default();
    *calls += 1;
    *calls - 1
}
