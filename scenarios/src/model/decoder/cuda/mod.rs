//! A language model's step for one token as a CUDA graph.
//!
//! The token that a step chooses stays on the GPU, where the next step finds it: that one is launched
//! before the host has seen the token, so that the GPU never waits for the host. Should the host
//! want another token after all, the step that nobody wanted is waited for and its place taken.

mod address;
mod buffers;
mod format;
mod kernels;
mod launch;
mod plan;
mod products;

use std::fmt;
use std::sync::Arc;

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaGraph, CudaStream};
use candle_core::{Device, Error, Result, Tensor, bail};

use super::Likeliest;
use crate::model::language::{Context, Language};
use buffers::Buffers;
use plan::Plan;

pub struct Decoder {
    stream: Arc<CudaStream>,
    graph: CudaGraph,
    buffers: Buffers,
    /// Which of the host's copies the step that is awaited writes.
    turn: usize,
    /// Tokens that were read.
    read: usize,
    capacity: usize,
    /// The next step is under way; it reads `last`.
    ahead: bool,
    /// What the last step chose; `None` if the host chooses.
    last: Option<u32>,
}

impl Decoder {
    /// Goes on where `context` stands, in its cache: it must outlive the decoder. `None` where the
    /// kernels do not know the weights' format or shapes.
    pub fn new(language: &Language, context: &Context) -> Result<Option<Decoder>> {
        let Some(plan) = Plan::of(language, context)? else {
            return Ok(None);
        };
        let stream = plan.stream();
        let mut buffers = Buffers::new(&stream, language, plan.sizes())?;
        let steps = plan.steps(&mut buffers)?;
        // Every copy and conversion above must have ended: the capture would not wait for it.
        stream.synchronize().w()?;
        Ok(Some(Decoder {
            graph: launch::capture(&stream, &steps).w()?,
            buffers,
            turn: 0,
            read: context.position,
            capacity: plan.capacity(),
            ahead: false,
            last: None,
            stream,
        }))
    }

    /// Reads `token`: the likeliest next one. With `more`, the step after it may begin at once.
    pub fn likeliest(&mut self, token: u32, more: bool) -> Result<Likeliest> {
        self.step(token)?;
        self.ahead = more && self.read < self.capacity;
        if self.ahead {
            self.launch(1 - self.turn)?;
        }
        let chosen = self.buffers.chosen(self.turn)?;
        self.last = Some(chosen.token);
        Ok(chosen)
    }

    /// Reads `token`: the logits (vocabulary) after it, on the host.
    pub fn logits(&mut self, token: u32) -> Result<Tensor> {
        self.step(token)?;
        self.last = None;
        let logits = self.stream.clone_dtoh(&self.buffers.logits).w()?;
        let length = logits.len();
        Tensor::from_vec(logits, length, &Device::Cpu)
    }

    /// Sees to it that the step that reads `token` is under way.
    fn step(&mut self, token: u32) -> Result<()> {
        let ahead = std::mem::take(&mut self.ahead);
        if ahead && self.last == Some(token) {
            self.turn = 1 - self.turn;
        } else {
            if self.read >= self.capacity {
                bail!("the cache has room for {} tokens", self.capacity);
            }
            let position = i32::try_from(self.read).map_err(Error::wrap)?;
            self.buffers.place(&self.stream, token, position)?;
            self.launch(self.turn)?;
        }
        self.read += 1;
        Ok(())
    }

    fn launch(&mut self, turn: usize) -> Result<()> {
        self.graph.launch().w()?;
        self.buffers.tell(&self.stream, turn)
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // A graph that still runs must not lose its memory. An error here is one of the step's, and
        // whoever uses the device next is told of it.
        let _ = self.stream.synchronize();
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("read", &self.read)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
