//! Launches of kernels, captured as a graph.

#![allow(unsafe_code, reason = "a kernel's arguments are not typed")]

use std::sync::Arc;

use candle_core::cuda_backend::cudarc::driver::{
    CudaFunction, CudaGraph, CudaStream, DriverError, LaunchConfig, PushKernelArg, sys,
};

use super::kernels::{WARP, WARPS};

/// One launch.
pub struct Step {
    function: CudaFunction,
    grid: (u32, u32),
    threads: u32,
    arguments: Vec<Argument>,
}

#[derive(Debug, Clone, Copy)]
pub enum Argument {
    Address(u64),
    Int(i32),
    Float(f32),
}

impl From<u64> for Argument {
    fn from(address: u64) -> Argument {
        Argument::Address(address)
    }
}

impl From<i32> for Argument {
    fn from(int: i32) -> Argument {
        Argument::Int(int)
    }
}

impl From<f32> for Argument {
    fn from(float: f32) -> Argument {
        Argument::Float(float)
    }
}

impl Step {
    pub fn new(
        function: CudaFunction,
        grid: (u32, u32),
        threads: u32,
        arguments: Vec<Argument>,
    ) -> Step {
        Step {
            function,
            grid,
            threads,
            arguments,
        }
    }

    /// A warp for each of `warps` rows or pairs of rows.
    pub fn product(function: CudaFunction, warps: usize, arguments: Vec<Argument>) -> Step {
        Step::new(function, (blocks(warps), 1), WARPS * WARP, arguments)
    }

    fn launch(&self, stream: &Arc<CudaStream>) -> Result<(), DriverError> {
        let mut builder = stream.launch_builder(&self.function);
        for argument in &self.arguments {
            match argument {
                Argument::Address(address) => builder.arg(address),
                Argument::Int(int) => builder.arg(int),
                Argument::Float(float) => builder.arg(float),
            };
        }
        let config = LaunchConfig {
            grid_dim: (self.grid.0, self.grid.1, 1),
            block_dim: (self.threads, 1, 1),
            shared_mem_bytes: 0,
        };
        // SAFETY: the arguments are those of the kernel by this name in `kernels.cu`, and the
        // decoder holds the memory that they lead to, or is told to be outlived by it.
        unsafe { builder.launch(config) }.map(|_| ())
    }
}

/// So many blocks have `warps` warps.
pub fn blocks(warps: usize) -> u32 {
    warps.div_ceil(WARPS as usize) as u32
}

const NO_FLAGS: sys::CUgraphInstantiate_flags = sys::CUgraphInstantiate_flags(0);

/// The steps, one after another, as one launch. None of them may be the first use of its function:
/// loading it may allocate, which a capture does not allow.
pub fn capture(stream: &Arc<CudaStream>, steps: &[Step]) -> Result<CudaGraph, DriverError> {
    stream.begin_capture(sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)?;
    let launched = steps.iter().try_for_each(|step| step.launch(stream));
    // Even after an error: a stream that is left capturing is of no use.
    let graph = stream.end_capture(NO_FLAGS);
    launched?;
    let graph = graph?.ok_or(DriverError(
        sys::CUresult::CUDA_ERROR_STREAM_CAPTURE_INVALIDATED,
    ))?;
    graph.upload()?;
    Ok(graph)
}
