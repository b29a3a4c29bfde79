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
    if !cfg!(feature = "cuda") {
        return Err(Stop::because(
            Class::GpuAbsent,
            format!(
                "this worker was built without CUDA and cannot open {name}: name one with --worker that was built with it, or use --device cpu"
            ),
        ));
    }
    // A driver has many reasons to refuse, and this is not the place to tell them apart.
    let device = Device::new_cuda(ordinal).map_err(|error| {
        Stop::Error(WorkerError {
            class: None,
            message: format!("failed to open {name}: {error}"),
            refused: false,
        })
    })?;
    #[cfg(feature = "cuda")]
    if let Device::Cuda(device) = &device {
        super::cuda::use_one_stream(device);
    }
    Ok(device)
}

/// Of the GPU that it is, as CUDA itself says.
#[cfg(feature = "cuda")]
pub fn uuid(device: &Device) -> Option<String> {
    match device {
        Device::Cuda(device) => super::cuda::uuid(device),
        _ => None,
    }
}

#[cfg(not(feature = "cuda"))]
pub fn uuid(_: &Device) -> Option<String> {
    None
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
