//! The kernels by name, compiled for this GPU by its driver.

use candle_core::Result;
use candle_core::cuda_backend::CudaDevice;
use candle_core::cuda_backend::cudarc::driver::CudaFunction;

use super::format::{Float, Format};

/// Threads of a warp.
pub const WARP: u32 = 32;
/// Warps of a block of a matrix product, as in `kernels.cu`.
pub const WARPS: u32 = 8;
/// Threads of a block of the attention, as in `kernels.cu`.
pub const READING: u32 = 4 * WARP;

mod ptx {
    include!(concat!(env!("OUT_DIR"), "/kernels.rs"));
}

pub struct Kernels<'a> {
    pub device: &'a CudaDevice,
    /// Of the keys, the values and the embeddings.
    pub float: Float,
}

impl Kernels<'_> {
    pub fn embed(&self) -> Result<CudaFunction> {
        self.get(&format!("embed_{}", self.float.name()))
    }

    pub fn qkv(&self, weights: Format) -> Result<CudaFunction> {
        self.get(&format!("qkv_{}_{}", weights.name(), self.float.name()))
    }

    /// `each` values of a head are a lane's.
    pub fn attention(&self, each: usize) -> Result<CudaFunction> {
        self.get(&format!("attention_{}_{each}", self.float.name()))
    }

    pub fn add(&self, weights: Format) -> Result<CudaFunction> {
        self.get(&format!("add_{}", weights.name()))
    }

    pub fn gate_up(&self, weights: Format) -> Result<CudaFunction> {
        self.get(&format!("gate_up_{}", weights.name()))
    }

    pub fn logits(&self, weights: Format) -> Result<CudaFunction> {
        self.get(&format!("logits_{}", weights.name()))
    }

    pub fn choose(&self) -> Result<CudaFunction> {
        self.get("choose")
    }

    fn get(&self, name: &str) -> Result<CudaFunction> {
        let function =
            self.device
                .get_or_load_custom_func(name, "crashpoint-decoder", ptx::KERNELS)?;
        Ok(function.into_cuda_function())
    }
}
