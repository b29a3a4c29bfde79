//! Each CUDA fault, in the same primary context that the model lives in.
#![allow(unsafe_code)]

use candle_core::cuda_backend::cudarc::driver::{
    CudaContext, CudaStream, DriverError, LaunchConfig, PushKernelArg, result, sys,
};
use candle_core::cuda_backend::cudarc::nvrtc::Ptx;
use std::sync::Arc;

use super::kernels;
use crate::fault::{Fault, FaultError};

/// Beyond anything that an allocation is given.
const NOBODYS: u64 = 0x10;
const STEP: usize = 1 << 30;
/// No device has so much.
const MOST: usize = 4096;

pub fn commit(fault: Fault, device: &str) -> Result<(), FaultError> {
    let ordinal = device
        .strip_prefix("cuda:")
        .and_then(|ordinal| ordinal.parse().ok())
        .unwrap_or(0);
    // In the driver's own words, as every program on top of it repeats them.
    happen(fault, ordinal).map_err(|error| FaultError::Failed(format!("CUDA failed: {error}")))
}

fn happen(fault: Fault, ordinal: usize) -> Result<(), DriverError> {
    let context = CudaContext::new(ordinal)?;
    let stream = context.default_stream();
    match fault {
        Fault::CudaIllegalAddress => write(&context, &stream, NOBODYS),
        Fault::CudaMisalignedAddress => {
            // SAFETY: never freed: the context does not outlive the fault.
            let block = unsafe { result::malloc_sync(64)? };
            write(&context, &stream, block + 1)
        }
        Fault::CudaDeviceAssert => launch(&context, &stream, kernels::fail_assert(), None),
        Fault::CudaTrap => launch(&context, &stream, kernels::trap(), None),
        Fault::CudaInfiniteKernel => launch(&context, &stream, kernels::never_end(), None),
        Fault::CudaOutOfMemory => exhaust(),
        Fault::CudaContextDestroyed => {
            // SAFETY: there is none: whoever uses the context now uses what is gone.
            unsafe { sys::cuDevicePrimaryCtxReset_v2(context.cu_device()) }.result()?;
            write(&context, &stream, NOBODYS)
        }
        _ => Ok(()),
    }
}

fn write(context: &Arc<CudaContext>, stream: &CudaStream, to: u64) -> Result<(), DriverError> {
    launch(context, stream, kernels::write(), Some(to))
}

/// Errors of a kernel come later than its launch: hence the wait.
fn launch(
    context: &Arc<CudaContext>,
    stream: &CudaStream,
    ptx: String,
    argument: Option<u64>,
) -> Result<(), DriverError> {
    let module = context.load_module(Ptx::from_src(ptx))?;
    let function = module.load_function(kernels::NAME)?;
    let one = LaunchConfig {
        grid_dim: (1, 1, 1),
        block_dim: (1, 1, 1),
        shared_mem_bytes: 0,
    };
    let mut builder = stream.launch_builder(&function);
    if let Some(argument) = &argument {
        builder.arg(argument);
    }
    // SAFETY: there is none: the kernel faults, and that is the purpose.
    unsafe { builder.launch(one)? };
    stream.synchronize()
}

fn exhaust() -> Result<(), DriverError> {
    for _ in 0..MOST {
        // SAFETY: never freed: it ends with the process, which ends by it.
        unsafe { result::malloc_sync(STEP)? };
    }
    Ok(())
}
