//! `crashpoint runs prune`: removes what is old. Never a run that goes on, nor one whose end nobody has
//! looked into: that record may be the only trace of a crash.

use std::fs;
use std::time::SystemTime;

use bytesize::ByteSize;

use super::found::{self, Found, State};
use crate::cli::PruneOptions;
use crate::command::finish::print;
use crate::exit_code;
use crate::failure::Failure;
use crate::journal;

pub fn prune(options: &PruneOptions) -> Result<u8, Failure> {
    let all = found::all(&options.out)?;
    let goes = all.len().saturating_sub(options.keep);
    let now = SystemTime::now();
    let is_old = |run: &Found| {
        options
            .older_than
            .is_none_or(|age| now.duration_since(run.made).is_ok_and(|lived| lived > age))
    };
    let mut text = String::new();
    let mut freed = 0;
    for run in all.iter().take(goes).filter(|run| is_old(run)) {
        match run.state {
            State::Running => continue,
            State::Unfinished => {
                text += &format!(
                    "{}: kept, nobody knows yet what ended it: crashpoint recover\n",
                    run.run
                );
                continue;
            }
            State::Over => {}
        }
        if options.yes {
            // It may have been resumed since.
            if journal::is_locked(&run.path) {
                continue;
            }
            fs::remove_dir_all(&run.path).map_err(|error| {
                Failure::unfit(format!("failed to remove {}: {error}", run.path.display()))
            })?;
        }
        freed += run.bytes;
        let done = if options.yes {
            "removed"
        } else {
            "would be removed"
        };
        text += &format!("{}: {done}, {}\n", run.run, ByteSize::b(run.bytes));
    }
    text += &if options.yes {
        format!("{} freed\n", ByteSize::b(freed))
    } else {
        format!(
            "{} would be freed; --yes removes them\n",
            ByteSize::b(freed)
        )
    };
    print(&text)?;
    Ok(exit_code::OK)
}
