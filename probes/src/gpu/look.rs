//! One look at one GPU: a value or nothing, each call timed, and what NVML says about the GPU in
//! place of a value kept.

use crashpoint_reports::sample::GpuFinding;
use nvml_wrapper::Nvml;
use nvml_wrapper::device::Device;
use nvml_wrapper::enums::device::SampleValue;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::structs::device::FieldId;

use super::calls::Calls;

#[derive(Debug)]
pub(super) struct Look<'a> {
    /// `None` if the GPU can't be reached at all.
    device: Option<Device<'a>>,
    calls: &'a Calls,
    findings: Vec<GpuFinding>,
}

impl<'a> Look<'a> {
    pub(super) fn at(nvml: &'a Nvml, index: u32, calls: &'a Calls) -> Look<'a> {
        let device = calls.time("nvmlDeviceGetHandleByIndex", || nvml.device_by_index(index));
        let mut look = Look {
            device: None,
            calls,
            findings: Vec::new(),
        };
        look.device = look.keep(device);
        look
    }

    /// What a call answers, if it has a value.
    pub(super) fn ask<T>(
        &mut self,
        name: &'static str,
        call: impl FnOnce(&Device<'a>) -> Result<T, NvmlError>,
    ) -> Option<T> {
        let device = self.device.as_ref()?;
        let answer = self.calls.time(name, || call(device));
        self.keep(answer)
    }

    /// Several of NVML's fields in one call, in their order.
    pub(super) fn fields<const N: usize>(&mut self, numbers: [u32; N]) -> [Option<u64>; N] {
        let found = self.ask("nvmlDeviceGetFieldValues", |device| {
            device.field_values_for(&numbers.map(FieldId))
        });
        let mut values = [None; N];
        // What is wrong with one field says nothing about the GPU: cards answer with any error for a
        // field that they do not have.
        for (value, sample) in values.iter_mut().zip(found.unwrap_or_default()) {
            *value = match sample.and_then(|sample| sample.value) {
                Ok(SampleValue::U32(value)) => Some(value.into()),
                Ok(SampleValue::U64(value)) => Some(value),
                Ok(SampleValue::I64(value)) => u64::try_from(value).ok(),
                Ok(SampleValue::F64(_)) | Err(_) => None,
            };
        }
        values
    }

    /// So far.
    pub(super) fn findings(&self) -> Vec<GpuFinding> {
        self.findings.clone()
    }

    /// Sorts what NVML answers in place of a value: about the GPU, or just not available here.
    fn keep<T>(&mut self, answer: Result<T, NvmlError>) -> Option<T> {
        let found = match answer {
            Ok(value) => return Some(value),
            Err(NvmlError::GpuLost) => GpuFinding::GpuIsLost,
            Err(NvmlError::ResetRequired) => GpuFinding::ResetRequired,
            Err(NvmlError::Timeout) => GpuFinding::Timeout,
            Err(NvmlError::Unknown) => GpuFinding::Unknown,
            Err(NvmlError::IrqIssue) => GpuFinding::IrqIssue,
            Err(NvmlError::InsufficientPower) => GpuFinding::InsufficientPower,
            Err(NvmlError::CorruptedInfoROM) => GpuFinding::CorruptedInforom,
            Err(_) => return None,
        };
        if !self.findings.contains(&found) {
            self.findings.push(found);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_about_the_gpu_are_findings_and_each_is_kept_once() {
        let mut look = Look {
            device: None,
            calls: &Calls::default(),
            findings: Vec::new(),
        };
        for error in [
            NvmlError::GpuLost,
            NvmlError::NotSupported,
            NvmlError::NoPermission,
            NvmlError::GpuLost,
            NvmlError::Timeout,
            NvmlError::Unknown,
            NvmlError::ResetRequired,
        ] {
            assert_eq!(look.keep::<()>(Err(error)), None);
        }
        assert_eq!(look.keep(Ok(3)), Some(3));
        assert_eq!(
            look.findings(),
            [
                GpuFinding::GpuIsLost,
                GpuFinding::Timeout,
                GpuFinding::Unknown,
                GpuFinding::ResetRequired
            ]
        );
    }
}
