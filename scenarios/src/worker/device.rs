//! The device and the number format that a job names.

use candle_core::{DType, Device};
use crashpoint_reports::Class;

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
        let class = if cfg!(feature = "cuda") {
            Class::GpuNotVisible
        } else {
            Class::GpuAbsent
        };
        Stop::because(class, format!("failed to open {name}: {error}"))
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
