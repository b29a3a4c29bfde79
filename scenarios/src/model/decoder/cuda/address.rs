//! Where on the GPU a tensor's values are. Kernels are told addresses; whoever asks for one keeps the
//! tensor.

use candle_core::cuda_backend::cudarc::driver::DevicePtr;
use candle_core::cuda_backend::{CudaDType, CudaStorage};
use candle_core::quantized::{QMatMul, QTensor};
use candle_core::{Result, Storage, Tensor};
use half::{bf16, f16};

use super::format::{Float, Format};
use crate::model::language::Linear;

/// Weights of a matrix product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights {
    pub format: Format,
    pub address: u64,
}

/// `None` where the kernels do not know how they are stored, or rows of this length.
pub fn of_linear(linear: &Linear, columns: usize) -> Result<Option<Weights>> {
    let weights = match linear {
        Linear::Plain(linear) => plain(linear.weight())?,
        Linear::Quantised(QMatMul::QTensor(tensor)) => quantised(tensor)?,
        Linear::Quantised(QMatMul::Tensor(tensor) | QMatMul::TensorF16(tensor)) => plain(tensor)?,
    };
    // Rows are read 16 bytes at once.
    let fits = |weights: &Weights| {
        columns.is_multiple_of(weights.format.run()) && weights.address.is_multiple_of(16)
    };
    Ok(weights.filter(fits))
}

fn plain(tensor: &Tensor) -> Result<Option<Weights>> {
    let Some(float) = Float::of(tensor.dtype()) else {
        return Ok(None);
    };
    Ok(Some(Weights {
        format: Format::Plain(float),
        address: of(tensor)?,
    }))
}

fn quantised(tensor: &QTensor) -> Result<Option<Weights>> {
    let Some(format) = Format::of(tensor.dtype()) else {
        return Ok(None);
    };
    Ok(Some(Weights {
        format,
        address: tensor.device_ptr()? as u64,
    }))
}

/// Of a contiguous tensor of floats on a GPU.
pub fn of(tensor: &Tensor) -> Result<u64> {
    let (storage, layout) = tensor.storage_and_layout();
    let (Storage::Cuda(storage), Some((start, _))) = (&*storage, layout.contiguous_offsets())
    else {
        candle_core::bail!("a tensor that is not in one piece on a GPU");
    };
    let start = start * tensor.dtype().size_in_bytes();
    let base = match Float::of(tensor.dtype()) {
        Some(Float::F32) => base::<f32>(storage)?,
        Some(Float::F16) => base::<f16>(storage)?,
        Some(Float::Bf16) => base::<bf16>(storage)?,
        None => candle_core::bail!("{:?} is not known to the kernels", tensor.dtype()),
    };
    Ok(base + start as u64)
}

fn base<T: CudaDType>(storage: &CudaStorage) -> Result<u64> {
    let slice = storage.as_cuda_slice::<T>()?;
    Ok(slice.device_ptr(slice.stream()).0)
}
