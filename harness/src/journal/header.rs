//! The header of a segment: which run, which boot, which process.

use crashpoint_probes::boot::{self, Clocks};
use crashpoint_reports::event::{Header, Writer};
use crashpoint_reports::journal;

/// Of this process, for the run of this name.
pub fn header(run: &str, writer: Writer) -> Header {
    let pid = i32::try_from(std::process::id()).unwrap_or_default();
    Header {
        format: journal::FORMAT,
        crashpoint: env!("CARGO_PKG_VERSION").to_owned(),
        run: run.to_owned(),
        command: std::env::args_os()
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
        boot_id: boot::boot_id().unwrap_or_default(),
        boot_time_s: boot::boot_time_s().unwrap_or_default(),
        boottime_us: Clocks::now().boottime_us,
        pid,
        pid_start_ticks: boot::process_start_ticks(pid).unwrap_or_default(),
        pid_namespace: boot::pid_namespace().unwrap_or_default(),
        machine: boot::machine(),
        working_folder: std::env::current_dir()
            .ok()
            .and_then(|folder| folder.into_os_string().into_string().ok()),
        writer,
        previous: None,
    }
}
