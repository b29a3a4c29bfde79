//! What changes from call to call, or once a file is there.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// A quantity from call to call.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Series {
    Always(u64),
    /// The last one stays.
    OnePerCall(Vec<u64>),
    Growing {
        from: u64,
        by: u64,
        to: u64,
    },
    Switched {
        before: u64,
        after: u64,
        when: PathBuf,
    },
}

/// Both have to be so; with neither it is so from the beginning.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Trigger {
    /// Once this file is there.
    when: Option<PathBuf>,
    /// Once the function was called so often.
    #[serde(default)]
    after_calls: u64,
}

/// The how manieth call of its function it is, from 0, and where files are looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn<'a> {
    pub(crate) n: u64,
    pub(crate) folder: &'a Path,
}

impl Series {
    pub(crate) fn at(&self, turn: Turn<'_>) -> u64 {
        match self {
            Series::Always(value) => *value,
            Series::OnePerCall(values) => {
                let n = usize::try_from(turn.n).unwrap_or(usize::MAX);
                values.get(n).or(values.last()).copied().unwrap_or(0)
            }
            Series::Growing { from, by, to } => {
                from.saturating_add(by.saturating_mul(turn.n)).min(*to)
            }
            Series::Switched {
                before,
                after,
                when,
            } => {
                if turn.folder.join(when).exists() {
                    *after
                } else {
                    *before
                }
            }
        }
    }
}

impl Default for Series {
    fn default() -> Series {
        Series::Always(0)
    }
}

impl Trigger {
    pub(crate) fn is_due(&self, turn: Turn<'_>) -> bool {
        turn.n >= self.after_calls
            && self
                .when
                .as_ref()
                .is_none_or(|file| turn.folder.join(file).exists())
    }
}
