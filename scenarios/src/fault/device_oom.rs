//! Tensors on the device until its allocator refuses one.

use candle_core::{DType, Tensor};
use crashpoint_reports::Class;

use super::FaultError;

const STEP: usize = 1 << 30;
/// No device has so much.
const MOST: usize = 4096;

pub fn prepare(device: &str) -> Result<(), FaultError> {
    if device == "cpu" {
        return Err(FaultError::unfit(
            Class::ConfigOther,
            "device-oom is not supported on the CPU, whose memory is the host's: name a GPU with --device cuda:N and a worker built with --features cuda; host-oom is the same for the host",
        ));
    }
    super::cuda::prepare(device)
}

pub fn commit(device: &str) -> Result<(), FaultError> {
    let device =
        crate::worker::device(device).map_err(|error| FaultError::Failed(error.to_string()))?;
    let mut kept = Vec::new();
    for _ in 0..MOST {
        let tensor = Tensor::zeros(STEP, DType::U8, &device).map_err(|error| {
            FaultError::Failed(format!(
                "failed to allocate {STEP} bytes on the device: {error}"
            ))
        })?;
        kept.push(tensor);
    }
    Ok(())
}
