//! The device and the number format that a job names.

use candle_core::{DType, Device};
use crashpoint_reports::Class;
use crashpoint_reports::protocol::WorkerError;

use super::Stop;

/// `cpu` or `cuda:N`.
pub fn open(name: &str) -> Result<Device, Stop> {
    if name == "cpu" {
        return Ok(Device::Cpu);
    }
    let ordinal = name
        .strip_prefix("cuda:")
        .and_then(|ordinal| ordinal.parse().ok())
        .ok_or_else(|| {
            Stop::because(
                Class::ConfigOther,
                format!("there is no device named {name:?}: use cpu or cuda:N"),
            )
        })?;
    Device::new_cuda(ordinal).map_err(|error| {
        let message = format!("failed to open {name}: {error}");
        // A driver has many reasons to refuse; a build without CUDA has one.
        let class = (!cfg!(feature = "cuda")).then_some(Class::GpuAbsent);
        Stop::Error(WorkerError {
            class,
            message,
            refused: false,
        })
    })
}

pub fn dtype(name: &str) -> Result<DType, Stop> {
    match name {
        "f32" => Ok(DType::F32),
        "f16" => Ok(DType::F16),
        "bf16" => Ok(DType::BF16),
        _ => Err(Stop::because(
            Class::ConfigDtype,
            format!("a model cannot be loaded as {name:?}: use f32, f16 or bf16"),
        )),
    }
}
