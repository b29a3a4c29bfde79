//! The memory that a step works in. It stays where it is: the graph knows it by its address.

#![allow(unsafe_code, reason = "pinned memory comes without values")]

use std::sync::Arc;

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{
    CudaEvent, CudaSlice, CudaStream, DevicePtr, DeviceRepr, PinnedHostSlice,
};
use candle_core::{DType, Result, Tensor};

use super::address;
use crate::model::decoder::Likeliest;
use crate::model::language::Language;

pub struct Buffers {
    token: CudaSlice<u32>,
    position: CudaSlice<i32>,
    pub logits: CudaSlice<f32>,
    /// The token that a step chose, and whether some logit was no number.
    chosen: CudaSlice<u32>,
    /// What of `chosen` comes to the host: of the step that is awaited, and of the next.
    told: [Told; 2],
    _floats: Vec<CudaSlice<f32>>,
    _counters: Vec<CudaSlice<u32>>,
    tensors: Vec<Tensor>,
    pub at: Addresses,
}

struct Told {
    chosen: PinnedHostSlice<u32>,
    /// The copy has ended. cudarc keeps no such account of its own where there is one stream.
    arrived: CudaEvent,
}

/// So many values of each.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// All heads of the queries together.
    pub queries: usize,
    /// What the attention's blocks leave for the last of them to join.
    pub shares: usize,
    /// What the logits' blocks leave to choose from.
    pub best: usize,
}

#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    pub token: u64,
    pub position: u64,
    pub logits: u64,
    pub chosen: u64,
    pub x: u64,
    pub query: u64,
    pub attended: u64,
    pub gated: u64,
    pub shares: u64,
    pub best: u64,
    pub ended: u64,
}

impl Buffers {
    pub fn new(stream: &Arc<CudaStream>, language: &Language, sizes: Sizes) -> Result<Buffers> {
        let shape = &language.shape;
        let mut floats = Vec::new();
        let mut float = |length: usize| -> Result<u64> {
            let slice = stream.alloc_zeros::<f32>(length).w()?;
            let address = at(&slice, stream);
            floats.push(slice);
            Ok(address)
        };
        let token = stream.alloc_zeros::<u32>(1).w()?;
        let position = stream.alloc_zeros::<i32>(1).w()?;
        let logits = stream.alloc_zeros::<f32>(shape.vocabulary).w()?;
        let chosen = stream.alloc_zeros::<u32>(2).w()?;
        let ended = stream.alloc_zeros::<u32>(shape.heads).w()?;
        let at = Addresses {
            token: at(&token, stream),
            position: at(&position, stream),
            logits: at(&logits, stream),
            chosen: at(&chosen, stream),
            x: float(shape.hidden)?,
            query: float(sizes.queries)?,
            attended: float(sizes.queries)?,
            gated: float(shape.intermediate)?,
            shares: float(sizes.shares)?,
            best: float(sizes.best)?,
            ended: at(&ended, stream),
        };
        let told = || -> Result<Told> {
            let context = stream.context();
            Ok(Told {
                // SAFETY: it is read after a step has written it only.
                chosen: unsafe { context.alloc_pinned_with_flags::<u32>(2, 0) }.w()?,
                arrived: context.new_event(None).w()?,
            })
        };
        Ok(Buffers {
            told: [told()?, told()?],
            token,
            position,
            logits,
            chosen,
            _floats: floats,
            _counters: vec![ended],
            tensors: Vec::new(),
            at,
        })
    }

    /// The address of `tensor`'s values as f32, which stay as long as the buffers do.
    pub fn as_f32(&mut self, tensor: &Tensor) -> Result<u64> {
        // A copy even of f32: the kernels read four values at once, from where these four may.
        let tensor = tensor.to_dtype(DType::F32)?.force_contiguous()?;
        let address = address::of(&tensor)?;
        self.tensors.push(tensor);
        Ok(address)
    }

    /// Where the next step finds what it reads.
    pub fn place(&mut self, stream: &Arc<CudaStream>, token: u32, position: i32) -> Result<()> {
        stream.memcpy_htod(&[token], &mut self.token).w()?;
        stream.memcpy_htod(&[position], &mut self.position).w()
    }

    /// Has the host told what the step that was launched last chooses.
    pub fn tell(&mut self, stream: &Arc<CudaStream>, turn: usize) -> Result<()> {
        let told = &mut self.told[turn];
        stream.memcpy_dtoh(&self.chosen, &mut told.chosen).w()?;
        told.arrived.record(stream).w()
    }

    /// Waits for it.
    pub fn chosen(&self, turn: usize) -> Result<Likeliest> {
        let told = &self.told[turn];
        told.arrived.synchronize().w()?;
        let chosen = told.chosen.as_slice().w()?;
        Ok(Likeliest {
            token: chosen[0],
            finite: chosen[1] == 0,
        })
    }
}

fn at<T: DeviceRepr>(slice: &CudaSlice<T>, stream: &Arc<CudaStream>) -> u64 {
    slice.device_ptr(stream).0
}
