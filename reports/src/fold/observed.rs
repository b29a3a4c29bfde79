//! What is kept of all samples for the report.

use super::extremes::Extremes;
use crate::observed::Observed;
use crate::sample::Sample;

/// The sum of what is told as a mean.
#[derive(Debug, Default)]
pub struct Pressure {
    sum: f64,
    n: u64,
}

impl Pressure {
    pub fn see(&mut self, sample: &Sample) {
        if let Some(percent) = sample.host.psi_cpu_some_avg10 {
            self.sum += percent;
            self.n += 1;
        }
    }

    fn mean(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / self.n as f64)
    }
}

/// `None` without a sample.
pub fn observed(extremes: &Extremes, pressure: &Pressure) -> Option<Observed> {
    if extremes.samples == 0 {
        return None;
    }
    Some(Observed {
        samples: extremes.samples,
        cpu_pressure_percent: pressure.mean(),
        cpu_celsius: extremes.cpu_max_celsius.or(extremes.hottest_max_celsius),
    })
}
