//! Findings about the GPUs themselves: what they were while an attempt ran, whatever became of it.

mod counted;
mod place;
mod throttling;

use super::attempt::Finished;
use super::clock::seconds;
use super::gpus::{SeenXid, Silence, Watch, Watched};
use crate::diagnose::{self, XidLine};
use crate::knowledge;
use crate::report::Finding;
use crate::sample::GpuFinding;
use crate::verdict::{Class, Confidence, Evidence};
use crate::words::duration;
use place::{Why, classed, place, unclassed};

// No class of death fits it, so the action is not a class's.
const UNRESPONSIVE: &str = "Look for what holds the driver: `sudo dmesg | grep -iE 'nvrm|xid|blocked for more'`, `nvidia-smi` (it may hang as well), other programs on the GPU. A GPU that stays silent needs a reset or a restart of the machine.";

/// Of one attempt, GPU by GPU.
pub fn of_attempt(finished: &Finished) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(silence) = finished.watch.silence {
        let place = place(finished, silence.since_us);
        found.push(place.finding(
            finished,
            format!(
                "the GPU probe did not answer for {}: it hung in the driver, or went down in it{}",
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

/// What the GPUs brought along belongs to no attempt, and is told with the first: so is a silence that
/// had begun before it, where it was too short to hear it itself.
pub fn brought_along(first: &Finished, run: &Watch) -> Vec<Finding> {
    let mut found = Vec::new();
    for (uuid, watched) in &run.gpus {
        let about = About {
            finished: first,
            uuid,
            watched,
        };
        found.extend(about.brought_along());
        let before = |silence: &Silence| silence.since_us < first.began_mono_us;
        let mut told = first.watch.gpus.iter();
        let is_told = told.any(|(other, it)| other == uuid && it.silence.is_some());
        if watched.silence.as_ref().is_some_and(before) && !is_told {
            found.extend(about.silence());
        }
    }
    found
}

struct About<'a> {
    finished: &'a Finished,
    uuid: &'a str,
    watched: &'a Watched,
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
}

fn lasted(silence: Silence) -> String {
    duration(seconds(silence.longest_us))
}

fn text_of(line: &XidLine) -> String {
    format!("Xid ({}): {}, {}", line.gpu, line.number, line.text)
}
