//! Counters of a GPU's memory that went up, and marks that it carries.

use super::About;
use super::place::{Place, classed};
use crate::fold::gpus::Counted;
use crate::gpu::GpuCounters;
use crate::report::Finding;
use crate::verdict::{Class, Confidence};
use crate::words::counted;

const REMAP_FAILED: &str = "could not replace a row of its memory by a spare one";
const REMAP_PENDING: &str = "is to replace a row of its memory at the next reset";

/// `nvmlDeviceGpuRecoveryAction_t` of nvml.h.
fn wants(action: u64) -> Option<&'static str> {
    Some(match action {
        0 => return None,
        1 => "is to be reset before it can be relied on, says its driver",
        2 => "needs a restart of the machine, says its driver",
        3 => "is to be left by all that use it together with other GPUs, says its driver",
        4 => "works with a part of it alone until it is drained and reset, says its driver",
        _ => "needs something done before it can be relied on, says its driver: see nvidia-smi -q",
    })
}

impl About<'_> {
    /// What went up, or came up, between two readings.
    pub(super) fn counted(
        &self,
        Counted {
            at_us,
            before,
            after,
        }: &Counted,
    ) -> Vec<Finding> {
        let mut found = Vec::new();
        let rise = |of: fn(&GpuCounters) -> Option<u64>| {
            let (before, after) = (of(before)?, of(after)?);
            (after > before).then_some((before, after))
        };
        let volatile = rise(|it| it.ecc_uncorrected_volatile);
        if let Some((from, to)) = volatile.or_else(|| rise(|it| it.ecc_uncorrected_aggregate)) {
            let more = usize::try_from(to - from).unwrap_or(usize::MAX);
            let more = counted(more, "more ECC error");
            let what = format!("counted {more} that could not be corrected ({from}, then {to})");
            let why = classed(Class::GpuEccError, Confidence::Likely);
            found.push(self.finding(*at_us, &what, why));
        }
        let came_up = |of: fn(&GpuCounters) -> Option<bool>| {
            of(after) == Some(true) && of(before) != Some(true)
        };
        if came_up(|it| it.row_remap_failed) {
            found.push(self.remap(*at_us, REMAP_FAILED));
        } else if came_up(|it| it.row_remap_pending) {
            found.push(self.remap(*at_us, REMAP_PENDING));
        }
        let wanted = |counters: &GpuCounters| counters.recovery_action.and_then(wants);
        if let Some(wants) =
            wanted(after).filter(|_| before.recovery_action != after.recovery_action)
        {
            let why = classed(Class::GpuHardwareFault, Confidence::Possible);
            found.push(self.finding(*at_us, wants, why));
        }
        found
    }

    /// What was so before anything was run.
    pub(super) fn brought_along(&self) -> Option<Finding> {
        let counters = self.watched.first_counters()?;
        let of_memory = (Class::GpuEccError, Confidence::Likely);
        // A remap is more than the reset that it wants.
        let (what, (class, confidence)) = if counters.row_remap_failed == Some(true) {
            (REMAP_FAILED, of_memory)
        } else if counters.row_remap_pending == Some(true) {
            (REMAP_PENDING, of_memory)
        } else {
            let wants = counters.recovery_action.and_then(wants)?;
            (wants, (Class::GpuHardwareFault, Confidence::Possible))
        };
        let name = self.name();
        let what = format!("{name} {what}, since before the run");
        let why = classed(class, confidence);
        Some(Place::default().finding(self.finished, what, why))
    }

    fn remap(&self, at_us: u64, what: &str) -> Finding {
        let why = classed(Class::GpuEccError, Confidence::Likely);
        self.finding(at_us, what, why)
    }
}
