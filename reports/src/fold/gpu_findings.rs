//! Findings about the GPUs themselves: what they were while an attempt ran, whatever became of it.

use super::attempt::Finished;
use super::clock::seconds;
use super::gpus::{Counted, SeenXid, Silence, Watch, Watched};
use crate::diagnose::{self, XidLine};
use crate::gpu::GpuCounters;
use crate::knowledge::{self, action};
use crate::phase::Phase;
use crate::report::Finding;
use crate::sample::GpuFinding;
use crate::throttle;
use crate::verdict::{Class, Confidence, Evidence, Verdict};
use crate::words::{counted, duration, percent};

/// A reading or two of a thousand is a sensor's mood.
const MATERIAL_SHARE: f64 = 0.01;

// No class of death fits these, so the action is not a class's.
const UNRESPONSIVE: &str = "Look for what holds the driver: `sudo dmesg | grep -iE 'nvrm|xid|blocked for more'`, `nvidia-smi` (it may hang as well), other programs on the GPU. A GPU that stays silent needs a reset or a restart of the machine.";
const HEAT: &str = "Look at the fans, the dust and the air around the card, and at its temperature limits (`nvidia-smi -q -d TEMPERATURE,PERFORMANCE`). A lower power limit (`nvidia-smi -pl`) shows whether heat is the reason of more than lost speed.";
const POWER_BRAKE: &str = "Look at the power supply, its cables and what a rack or a chassis limits (`nvidia-smi -q -d PERFORMANCE,POWER`). A lower power limit (`nvidia-smi -pl`) shows whether power is the reason of more than lost speed.";
const HARDWARE: &str = "Its hardware slowed it down and did not say why: look at its heat and at its power supply (`nvidia-smi -q -d PERFORMANCE,TEMPERATURE,POWER`).";

/// Of one attempt, GPU by GPU.
pub fn of_attempt(finished: &Finished) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(silence) = finished.watch.silence {
        let place = place(finished, silence.since_us);
        found.push(place.finding(
            finished,
            format!(
                "the GPU probe did not answer for {}: a call into the driver did not come back{}",
                lasted(silence),
                place.words()
            ),
            unclassed("sample", UNRESPONSIVE),
        ));
    }
    for (uuid, watched) in &finished.watch.gpus {
        let about = About {
            finished,
            uuid,
            watched,
        };
        found.extend(about.silence());
        found.extend(watched.said.iter().filter_map(|said| about.said(*said)));
        found.extend(about.xids());
        found.extend(about.throttling());
        let counted = watched.counted.iter();
        found.extend(counted.flat_map(|counted| about.counted(counted)));
    }
    found
}

/// What the GPUs brought along belongs to no attempt, and is told with the first.
pub fn brought_along(first: &Finished, run: &Watch) -> Vec<Finding> {
    let each = run.gpus.iter();
    let found = each.filter_map(|(uuid, watched)| {
        let about = About {
            finished: first,
            uuid,
            watched,
        };
        about.brought_along()
    });
    found.collect()
}

struct About<'a> {
    finished: &'a Finished,
    uuid: &'a str,
    watched: &'a Watched,
}

/// A verdict that lacks its evidence.
struct Why {
    source: &'static str,
    class: Class,
    confidence: Confidence,
    action: &'static str,
}

fn unclassed(source: &'static str, action: &'static str) -> Why {
    Why {
        source,
        class: Class::Unknown,
        confidence: Confidence::None,
        action,
    }
}

fn classed(class: Class, confidence: Confidence) -> Why {
    Why {
        source: "nvml",
        class,
        confidence,
        action: action(class),
    }
}

impl About<'_> {
    fn name(&self) -> String {
        format!("GPU {}", self.watched.index)
    }

    fn finding(&self, at_us: u64, what: &str, why: Why) -> Finding {
        let place = place(self.finished, at_us);
        let what = format!("{} {what}{}", self.name(), place.words());
        let mut finding = place.finding(self.finished, what, why);
        if let Some(evidence) = finding.verdict.evidence.first_mut() {
            evidence.text = format!("{}: {}", self.uuid, evidence.text);
        }
        finding
    }

    fn silence(&self) -> Option<Finding> {
        let silence = self.watched.silence?;
        let call = match &self.watched.stuck_in {
            Some(call) => format!("the call {call} did not come back"),
            None => "a call into the driver did not come back".to_owned(),
        };
        let what = format!("did not answer for {}: {call}", lasted(silence));
        Some(self.finding(silence.since_us, &what, unclassed("sample", UNRESPONSIVE)))
    }

    /// What NVML said of the GPU, as far as it is more than a question without an answer.
    fn said(&self, (said, at_us): (GpuFinding, u64)) -> Option<Finding> {
        let (what, why) = match said {
            GpuFinding::GpuIsLost => (
                "is lost: the driver cannot reach it any more",
                classed(Class::GpuFellOffBus, Confidence::Likely),
            ),
            GpuFinding::ResetRequired => (
                "needs a reset before it can be used again",
                classed(Class::GpuHardwareFault, Confidence::Possible),
            ),
            GpuFinding::InsufficientPower => (
                "says that a power cable is not connected",
                classed(Class::GpuHardwareFault, Confidence::Likely),
            ),
            GpuFinding::CorruptedInforom => (
                "says that its own record of itself (infoROM) is damaged",
                classed(Class::GpuHardwareFault, Confidence::Possible),
            ),
            GpuFinding::IrqIssue => (
                "does not get its interrupts to the driver",
                classed(Class::GpuHardwareFault, Confidence::Possible),
            ),
            GpuFinding::Timeout | GpuFinding::Unknown => return None,
        };
        Some(self.finding(at_us, what, why))
    }

    /// One for each number, with the kernel's own lines of it beside what NVML told.
    fn xids(&self) -> Vec<Finding> {
        let mut numbers: Vec<SeenXid> = Vec::new();
        for xid in &self.watched.xids {
            if !numbers.iter().any(|it| it.number == xid.number) {
                numbers.push(*xid);
            }
        }
        let pci = self.watched.pci.as_ref();
        let logged = diagnose::logged_xids(self.finished);
        let finding = |first: SeenXid| {
            let all = self.watched.xids.iter();
            let times = all.filter(|it| it.number == first.number).count();
            let known = u32::try_from(first.number).ok().and_then(knowledge::xid);
            let name = known.map_or("no source describes it", |known| known.name);
            let why = match known.and_then(|known| known.class.zip(known.confidence)) {
                // NVML's events carry the last number there was, which need not be each one's own.
                Some((class, confidence)) => classed(class, confidence.min(Confidence::Likely)),
                None => Why {
                    action: known.map_or(UNRESPONSIVE, |known| known.action),
                    ..unclassed("nvml", "")
                },
            };
            let often = match times {
                1 => String::new(),
                n => format!(", {n} times"),
            };
            let what = format!("reported Xid {} ({name}){often}", first.number);
            let mut finding = self.finding(first.at_us, &what, why);
            let lines = logged.iter().filter(|(_, line)| {
                u64::from(line.number) == first.number
                    && pci.is_none_or(|pci| diagnose::is_same_address(pci, &line.gpu))
            });
            let lines = lines
                .map(|(place, line)| Evidence::new(format!("kernel_log:{place}"), text_of(line)));
            finding.verdict.evidence.extend(lines.take(1));
            finding
        };
        numbers.into_iter().map(finding).collect()
    }

    fn throttling(&self) -> Vec<Finding> {
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

    /// What went up, or came up, between two readings.
    fn counted(
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
        found
    }

    /// What was so before anything was run.
    fn brought_along(&self) -> Option<Finding> {
        let counters = self.watched.first_counters()?;
        let what = if counters.row_remap_failed == Some(true) {
            REMAP_FAILED
        } else if counters.row_remap_pending == Some(true) {
            REMAP_PENDING
        } else {
            return None;
        };
        let name = self.name();
        let what = format!("{name} {what}, since before the run");
        let why = classed(Class::GpuEccError, Confidence::Likely);
        Some(Place::default().finding(self.finished, what, why))
    }

    fn remap(&self, at_us: u64, what: &str) -> Finding {
        let why = classed(Class::GpuEccError, Confidence::Likely);
        self.finding(at_us, what, why)
    }
}

const REMAP_FAILED: &str = "could not replace a row of its memory by a spare one";
const REMAP_PENDING: &str = "is to replace a row of its memory at the next reset";

fn lasted(silence: Silence) -> String {
    duration(seconds(silence.longest_us))
}

fn text_of(line: &XidLine) -> String {
    format!("Xid ({}): {}, {}", line.gpu, line.number, line.text)
}

/// Where an attempt was at an instant.
#[derive(Debug, Default)]
struct Place {
    phase: Option<Phase>,
    image: Option<u32>,
    is_after: bool,
}

fn place(finished: &Finished, at_us: u64) -> Place {
    let since = seconds(at_us.saturating_sub(finished.began_mono_us));
    let attempt = &finished.attempt;
    // The last marker before it, whether or not its phase was over.
    let begun = attempt
        .phases
        .iter()
        .rev()
        .find(|phase| phase.start_seconds <= since);
    Place {
        phase: begun.map(|phase| phase.phase.clone()),
        image: begun.and_then(|phase| Some(phase.image.as_ref()?.index)),
        is_after: since > attempt.seconds,
    }
}

impl Place {
    fn words(&self) -> String {
        if self.is_after {
            return ", first seen after it had ended".to_owned();
        }
        match (&self.phase, self.image) {
            (Some(phase), Some(image)) => format!(", first seen in phase {phase} of image {image}"),
            (Some(phase), None) => format!(", first seen in phase {phase}"),
            (None, _) => String::new(),
        }
    }

    fn finding(&self, finished: &Finished, what: String, why: Why) -> Finding {
        Finding {
            case: finished.case.clone(),
            attempt: finished.attempt.n,
            image: self.image.filter(|_| !self.is_after),
            verdict: Verdict {
                action: why.action.to_owned(),
                ..Verdict::new(
                    why.class,
                    why.confidence,
                    vec![Evidence::new(why.source, what.clone())],
                )
            },
            what,
        }
    }
}
