//! What is left of the boot that a run died in: asked once, each source within a bound of time and
//! size. What is not there or may not be read is told with the reason and the remedy.

mod boot_log;
mod dump_file;
mod firmware_log;
mod journald;
mod kdump;
mod pstore;
mod reset_reason;
mod root;
mod watchdog;
mod wtmp;

use std::time::Duration;

use crashpoint_reports::recovery::{Found, SourceRead, ThisBoot};

pub use root::Root;

use crate::boot::{self, Clocks};
use crate::{bounded, environment};

/// A firmware's store or a dead mount may take for ever.
const FILES_ANSWER: Duration = Duration::from_secs(3);

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Of the run.
    pub boot_id: String,
    /// Of its last durable record, in microseconds since the epoch.
    pub last_wall_us: u64,
}

/// The boot that we are in.
pub fn this_boot() -> ThisBoot {
    let clocks = Clocks::now();
    ThisBoot {
        boot_id: boot::boot_id().unwrap_or_default(),
        boot_time_s: boot::boot_time_s().unwrap_or_default(),
        mono_us: clocks.mono_us,
        boottime_us: clocks.boottime_us,
        wall_us: clocks.wall_us,
        by_kexec: by_kexec(&Root::default()),
        machine: boot::machine(),
    }
}

/// The boot loader's type in the upper four bits; kexec has one of its own (x86 only;
/// Documentation/arch/x86/boot.rst).
fn by_kexec(root: &Root) -> bool {
    const KEXEC: u32 = 0xd;
    let text = std::fs::read_to_string(root.at("proc/sys/kernel/bootloader_type"));
    text.ok()
        .and_then(|text| text.trim().parse::<u32>().ok())
        .is_some_and(|kind| kind >> 4 == KEXEC)
}

pub fn look(root: &Root, this: &ThisBoot, asked: &Asked) -> Found {
    let same_boot = asked.boot_id == this.boot_id;
    let mut found = Found::default();
    if let Some(kind) = environment::container().filter(|_| root.is_the_machine() && !same_boot) {
        found.sources.push(
            SourceRead::not_readable(
                "machine",
                format!("this looks like a container ({kind}): the boot id is the host's, but wtmp, pstore and crash dumps of the host are usually not visible"),
            )
            .remedy("run crashpoint recover on the host, with the run directory"),
        );
    }
    boot_log::look(root, &mut found);
    journald::look(root, asked, same_boot, &mut found);
    if same_boot {
        // The machine went on: nothing that a reset leaves behind can be about this run.
        let kernel = found.this_boot.clone();
        found.run_boot.get_or_insert_default().extend(kernel);
        return found;
    }
    bounded_look(root, "pstore", pstore::look, &mut found);
    bounded_look(root, "kdump", kdump::look, &mut found);
    bounded_look(root, "wtmp", wtmp::look, &mut found);
    bounded_look(root, "watchdog", watchdog::look, &mut found);
    bounded_look(root, "reset reason", reset_reason::look, &mut found);
    firmware_log::look(root, &mut found);
    found
}

fn bounded_look(root: &Root, name: &str, look: fn(&Root, &mut Found), found: &mut Found) {
    let root = root.clone();
    let answer = bounded::in_time(FILES_ANSWER, move || {
        let mut of_it = Found::default();
        look(&root, &mut of_it);
        of_it
    });
    let Some(of_it) = answer else {
        let because = format!("no answer within {} s", FILES_ANSWER.as_secs());
        found.sources.push(SourceRead::not_readable(name, because));
        return;
    };
    found.dumps.extend(of_it.dumps);
    found.wtmp = found.wtmp.take().or(of_it.wtmp);
    found.watchdogs.extend(of_it.watchdogs);
    found.reset_reasons.extend(of_it.reset_reasons);
    found.sources.extend(of_it.sources);
}
