//! A GPU that ran below its clocks, for a reason that is not its everyday work.

use super::About;
use super::place::unclassed;
use crate::report::Finding;
use crate::throttle;
use crate::words::percent;

/// A reading or two of a thousand is a sensor's mood.
const MATERIAL_SHARE: f64 = 0.01;

// No class of death fits these, so the action is not a class's.
const HEAT: &str = "Look at the fans, the dust and the air around the card, and at its temperature limits (`nvidia-smi -q -d TEMPERATURE,PERFORMANCE`). A lower power limit (`nvidia-smi -pl`) shows whether heat is the reason of more than lost speed.";
const POWER_BRAKE: &str = "Look at the power supply, its cables and what a rack or a chassis limits (`nvidia-smi -q -d PERFORMANCE,POWER`). A lower power limit (`nvidia-smi -pl`) shows whether power is the reason of more than lost speed.";
const HARDWARE: &str = "Its hardware slowed it down and did not say why: look at its heat and at its power supply (`nvidia-smi -q -d PERFORMANCE,TEMPERATURE,POWER`).";

impl About<'_> {
    pub(super) fn throttling(&self) -> Vec<Finding> {
        let of = |reasons: u64| {
            let throttled = self.watched.throttled.iter();
            let mut throttled: Vec<_> = throttled.filter(|(bit, _)| *bit & reasons != 0).collect();
            throttled.sort_by_key(|(_, it)| std::cmp::Reverse(it.looks));
            let (_, most) = *throttled.first()?;
            let share = self.watched.share(*most);
            let names: Vec<String> = throttled
                .iter()
                .map(|(bit, _)| throttle::name(**bit))
                .collect();
            let first_us = throttled.iter().map(|(_, it)| it.first_us).min()?;
            (share >= MATERIAL_SHARE).then(|| (share, names.join(", "), first_us))
        };
        let mut found = Vec::new();
        let reasons = [
            (throttle::HEAT, "because of its heat", HEAT),
            (
                throttle::POWER_BRAKE,
                "as something outside of it, such as the power supply, told it to",
                POWER_BRAKE,
            ),
            (throttle::HARDWARE, "by its hardware", HARDWARE),
        ];
        for (bits, because, action) in reasons {
            // Set beside the reasons that say more.
            if bits == throttle::HARDWARE && !found.is_empty() {
                continue;
            }
            let Some((share, names, first_us)) = of(bits) else {
                continue;
            };
            let hottest = self.finished.extremes.gpus.get(self.uuid);
            let heat = hottest
                .and_then(|it| it.max_celsius)
                .filter(|_| bits == throttle::HEAT)
                .map_or_else(String::new, |celsius| format!(", {celsius} °C at most"));
            let what = format!(
                "slowed down {because} in {} of its samples ({names}{heat})",
                percent(share)
            );
            found.push(self.finding(first_us, &what, unclassed("sample", action)));
        }
        found
    }
}
