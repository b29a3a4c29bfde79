//! What ended a run, in words that every form of the report shares.

use crate::fold::utc;
use crate::recovery::Recovery;
use crate::words::duration;

/// `machine reset (likely)`, `supervisor killed (certain): earlyoom`.
pub fn ended_by(recovery: &Recovery) -> String {
    let mut text = format!("{} ({})", recovery.ended_by.words(), recovery.confidence);
    if let Some(by) = &recovery.by {
        text += &format!(": {by}");
    }
    text
}

/// The two moments between which it died.
pub fn when(recovery: &Recovery) -> String {
    let death = &recovery.death;
    let last = utc(death.last_record_wall_us).unwrap_or_else(|| "an unknown time".to_owned());
    let mut text = format!("after {last}");
    if recovery.boot_id == recovery.found_in_boot_id {
        return text + "; the machine has not restarted since";
    }
    if let Some(next) = utc(death.next_boot_wall_us)
        && death.next_boot_wall_us >= death.last_record_wall_us
    {
        text += &format!(", before {next} ({})", duration(death.gap_seconds));
    }
    if let Some(restarts @ 2..) = recovery.restarts {
        text += &format!("; {restarts} restarts since");
    }
    text
}
