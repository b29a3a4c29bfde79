//! Faults of a kernel, of the driver and of the context: in a worker that was built with CUDA.

#[cfg(feature = "cuda")]
mod committed;
#[cfg(feature = "cuda")]
mod kernels;

use crashpoint_reports::Class;

use super::{Fault, FaultError};

pub fn prepare(device: &str) -> Result<(), FaultError> {
    if !cfg!(feature = "cuda") {
        return Err(FaultError::unfit(
            Class::GpuAbsent,
            "this fault needs a worker that was built with CUDA: build `crashpoint-worker --features cuda`, and name it with --worker",
        ));
    }
    if !device.starts_with("cuda:") {
        return Err(FaultError::unfit(
            Class::ConfigOther,
            "this fault happens on a GPU: name it with --device cuda:N",
        ));
    }
    Ok(())
}

#[cfg(feature = "cuda")]
pub fn commit(fault: Fault, device: &str) -> Result<(), FaultError> {
    committed::commit(fault, device)
}

#[cfg(not(feature = "cuda"))]
pub fn commit(_: Fault, device: &str) -> Result<(), FaultError> {
    prepare(device)
}
