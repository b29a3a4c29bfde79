//! The extremes of all samples of an attempt or of a run: what is left of them when they have passed.

use std::collections::BTreeMap;

use crate::sample::{GpuFinding, GpuSample, Sample};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extremes {
    pub samples: u64,
    pub memory_total_bytes: Option<u64>,
    pub memory_available_min_bytes: Option<u64>,
    /// The largest share of its limit that the control group took.
    pub cgroup_memory_max_share: Option<f64>,
    pub swap_used_max_bytes: Option<u64>,
    pub cpu_max_celsius: Option<f64>,
    pub hottest_max_celsius: Option<f64>,
    pub rss_max_bytes: Option<u64>,
    /// By the GPU's UUID.
    pub gpus: BTreeMap<String, GpuExtremes>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct GpuExtremes {
    pub index: u32,
    pub memory_used_max_bytes: Option<u64>,
    pub memory_total_bytes: Option<u64>,
    pub power_max_milliwatts: Option<u64>,
    pub max_celsius: Option<u32>,
    /// All throttle reasons that were ever set.
    pub throttle_reasons: u64,
    pub findings: Vec<GpuFinding>,
}

impl Extremes {
    pub fn see(&mut self, sample: &Sample) {
        self.samples += 1;
        let host = &sample.host;
        raise(&mut self.memory_total_bytes, host.memory_total_bytes);
        if let Some(available) = host.memory_available_bytes {
            let least = self.memory_available_min_bytes.get_or_insert(available);
            *least = available.min(*least);
        }
        if let (Some(used), Some(limit)) =
            (host.cgroup_memory_bytes, host.cgroup_memory_limit_bytes)
            && limit > 0
        {
            raise(
                &mut self.cgroup_memory_max_share,
                Some(used as f64 / limit as f64),
            );
        }
        raise(&mut self.swap_used_max_bytes, host.swap_used_bytes);
        raise(&mut self.cpu_max_celsius, host.cpu_celsius);
        raise(&mut self.hottest_max_celsius, host.hottest_celsius);
        let rss = sample.worker.as_ref().and_then(|worker| worker.rss_bytes);
        raise(&mut self.rss_max_bytes, rss);
        for gpu in &sample.gpus {
            of_uuid(&mut self.gpus, &gpu.uuid, |extremes| extremes.see(gpu));
        }
    }

    /// The smallest share of the host's memory that was available, from 0 to 1.
    pub fn memory_available_min_share(&self) -> Option<f64> {
        let total = self.memory_total_bytes.filter(|&total| total > 0)?;
        Some(self.memory_available_min_bytes? as f64 / total as f64)
    }
}

impl GpuExtremes {
    fn see(&mut self, gpu: &GpuSample) {
        self.index = gpu.index;
        raise(&mut self.memory_used_max_bytes, gpu.memory_used_bytes);
        raise(&mut self.memory_total_bytes, gpu.memory_total_bytes);
        raise(&mut self.power_max_milliwatts, gpu.power_milliwatts);
        raise(&mut self.max_celsius, gpu.celsius);
        self.throttle_reasons |= gpu.throttle_reasons.unwrap_or(0);
        for finding in &gpu.findings {
            if !self.findings.contains(finding) {
                self.findings.push(*finding);
            }
        }
    }
}

/// Sees one GPU's entry. Its name is copied the first time only: there are a hundred samples a second.
pub fn of_uuid<V: Default>(gpus: &mut BTreeMap<String, V>, uuid: &str, see: impl FnOnce(&mut V)) {
    match gpus.get_mut(uuid) {
        Some(known) => see(known),
        None => see(gpus.entry(uuid.to_owned()).or_default()),
    }
}

pub fn raise<T: PartialOrd + Copy>(highest: &mut Option<T>, value: Option<T>) {
    if let Some(value) = value
        && highest.is_none_or(|highest| value > highest)
    {
        *highest = Some(value);
    }
}
