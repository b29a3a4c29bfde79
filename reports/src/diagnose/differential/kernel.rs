//! What the kernel logged and counted while the attempt ran, for the suspects that it speaks of.

use serde_json::Value;

use super::Scene;
use crate::diagnose::facts::Fact;
use crate::diagnose::nvml;
use crate::diagnose::scan::Scan;
use crate::diagnose::source::Source;
use crate::gathered::{CgroupCounters, KernelLog};
use crate::knowledge::xid;
use crate::verdict::Class;

impl Scene<'_> {
    pub fn kernel_log(&self) -> Option<&KernelLog> {
        let gathered = self.dead?.attempt.gathered.as_ref()?;
        gathered.kernel_log.as_ref()
    }

    pub fn cgroup(&self) -> Option<&CgroupCounters> {
        self.dead?.attempt.gathered.as_ref()?.cgroup.as_ref()
    }

    /// The Xids in the kernel log, in the order of time, and those that only NVML told; `None` where
    /// no log was read and NVML told none.
    pub fn xids(&self) -> Option<Vec<u32>> {
        let told = nvml::told_alone(self.dead?);
        let log = self.kernel_log();
        if log.is_none() && told.is_empty() {
            return None;
        }
        let mut scan = Scan::new();
        scan.lines(Source::KernelLog, log.map_or(&[], |log| &log.lines));
        scan.lines(Source::Nvml, &told);
        let sightings = scan.finish();
        let numbers = sightings.iter().filter_map(|it| match &it.fact {
            Some(Fact::Xid(line)) => Some(line.number),
            _ => None,
        });
        Some(numbers.collect())
    }

    /// How many lines of the kernel log were read.
    pub fn kernel_log_lines(&self) -> Option<Value> {
        Some(Value::from(self.kernel_log()?.lines.len()))
    }
}

/// The first of these Xids that is a sign of one of these classes, with its class.
pub fn sign(xids: &[u32], classes: &[Class]) -> Option<(u32, Class)> {
    xids.iter().find_map(|&number| {
        let class = xid(number)?.class?;
        classes.contains(&class).then_some((number, class))
    })
}
