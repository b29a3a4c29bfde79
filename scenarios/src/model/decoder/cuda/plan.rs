//! The kernels that read one token, in their order.

use std::sync::Arc;

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaStream, sys};
use candle_core::{Device, Error, Result};

use super::address::{self, Weights};
use super::buffers::{Buffers, Sizes};
use super::format::{Float, Format};
use super::kernels::{Kernels, READING, WARP};
use super::launch::{Step, blocks};
use super::products::Products;
use crate::model::language::{Context, KvCache, Language, Shape};

/// How many values of a head a lane may have.
const EACH: [usize; 4] = [1, 2, 4, 8];
/// Of a block's best logit, as in `kernels.cu`: the logit, its token and whether one is no number.
const BEST: usize = 3;

pub struct Plan<'a> {
    language: &'a Language,
    context: &'a Context,
    kernels: Kernels<'a>,
    capacity: usize,
    /// Values of a head that a lane of the attention has.
    each: usize,
    /// Shares of the positions that the attention of one head is split into.
    parts: u32,
    layers: Vec<Products>,
    head: Weights,
}

impl<'a> Plan<'a> {
    /// `None` where the kernels do not know the weights' format or shapes.
    pub fn of(language: &'a Language, context: &'a Context) -> Result<Option<Plan<'a>>> {
        let shape = &language.shape;
        let (Device::Cuda(device), Some(float)) = (&language.device, Float::of(language.dtype))
        else {
            return Ok(None);
        };
        let (Some(each), Some(first)) = (each(shape.head_dim), context.caches.first()) else {
            return Ok(None);
        };
        let Some(head) = address::of_linear(&language.head, shape.hidden)? else {
            return Ok(None);
        };
        let mut layers = Vec::new();
        for layer in &language.layers {
            match Products::of(layer, shape)? {
                Some(products) if known(products.query.format, float) => layers.push(products),
                _ => return Ok(None),
            }
        }
        Ok(Some(Plan {
            parts: parts(&device.cuda_stream(), shape)?,
            kernels: Kernels { device, float },
            capacity: first.keys.dim(2)?,
            language,
            context,
            each,
            layers,
            head,
        }))
    }

    pub fn stream(&self) -> Arc<CudaStream> {
        self.kernels.device.cuda_stream()
    }

    /// Tokens that the cache has room for.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    pub fn sizes(&self) -> Sizes {
        let shape = &self.language.shape;
        let share = WARP as usize * self.each + 2;
        Sizes {
            queries: shape.heads * shape.head_dim,
            shares: shape.heads * self.parts as usize * share,
            best: blocks(shape.vocabulary.div_ceil(2)) as usize * BEST,
        }
    }

    pub fn steps(&self, buffers: &mut Buffers) -> Result<Vec<Step>> {
        let language = self.language;
        let cosines = buffers.as_f32(&language.rope.cos)?;
        let sines = buffers.as_f32(&language.rope.sin)?;
        let mut steps = vec![self.embed(buffers)?];
        for ((layer, products), cache) in language
            .layers
            .iter()
            .zip(&self.layers)
            .zip(&self.context.caches)
        {
            let norm = buffers.as_f32(layer.attention_norm.weight())?;
            steps.push(self.qkv(buffers, products, cache, (norm, cosines, sines))?);
            steps.push(self.attention(buffers, cache)?);
            let (attended, gated) = (buffers.at.attended, buffers.at.gated);
            let shape = &language.shape;
            let queries = shape.heads * shape.head_dim;
            steps.push(self.add(buffers, products.output, attended, queries)?);
            let norm = buffers.as_f32(layer.mlp_norm.weight())?;
            steps.push(self.gate_up(buffers, products, norm)?);
            steps.push(self.add(buffers, products.down, gated, shape.intermediate)?);
        }
        let norm = buffers.as_f32(language.norm.weight())?;
        steps.push(self.logits(buffers, norm)?);
        steps.push(self.choose(buffers)?);
        Ok(steps)
    }

    fn embed(&self, buffers: &Buffers) -> Result<Step> {
        let hidden = self.language.shape.hidden;
        let table = address::of(&self.language.embedding)?;
        Ok(Step::new(
            self.kernels.embed()?,
            (hidden.div_ceil(256) as u32, 1),
            256,
            vec![
                table.into(),
                buffers.at.token.into(),
                buffers.at.x.into(),
                int(hidden)?.into(),
            ],
        ))
    }

    fn qkv(
        &self,
        buffers: &Buffers,
        products: &Products,
        cache: &KvCache,
        (norm, cosines, sines): (u64, u64, u64),
    ) -> Result<Step> {
        let shape = &self.language.shape;
        let pairs = (shape.heads + 2 * shape.kv_heads) * shape.head_dim / 2;
        Ok(Step::product(
            self.kernels.qkv(products.query.format)?,
            pairs,
            vec![
                products.query.address.into(),
                products.key.address.into(),
                products.value.address.into(),
                buffers.at.x.into(),
                norm.into(),
                cosines.into(),
                sines.into(),
                buffers.at.position.into(),
                buffers.at.query.into(),
                address::of(&cache.keys)?.into(),
                address::of(&cache.values)?.into(),
                int(shape.hidden)?.into(),
                int(shape.heads)?.into(),
                int(shape.kv_heads)?.into(),
                int(shape.head_dim)?.into(),
                int(self.capacity)?.into(),
                (shape.eps as f32).into(),
            ],
        ))
    }

    fn attention(&self, buffers: &Buffers, cache: &KvCache) -> Result<Step> {
        let shape = &self.language.shape;
        Ok(Step::new(
            self.kernels.attention(self.each)?,
            (shape.heads as u32, self.parts),
            READING,
            vec![
                buffers.at.query.into(),
                address::of(&cache.keys)?.into(),
                address::of(&cache.values)?.into(),
                buffers.at.position.into(),
                buffers.at.shares.into(),
                buffers.at.ended.into(),
                buffers.at.attended.into(),
                int(shape.heads)?.into(),
                int(shape.kv_heads)?.into(),
                int(shape.head_dim)?.into(),
                int(self.capacity)?.into(),
            ],
        ))
    }

    /// `y` has so many values.
    fn add(&self, buffers: &Buffers, weights: Weights, y: u64, values: usize) -> Result<Step> {
        let hidden = self.language.shape.hidden;
        Ok(Step::product(
            self.kernels.add(weights.format)?,
            hidden.div_ceil(2),
            vec![
                weights.address.into(),
                y.into(),
                buffers.at.x.into(),
                int(values)?.into(),
                int(hidden)?.into(),
            ],
        ))
    }

    fn gate_up(&self, buffers: &Buffers, products: &Products, norm: u64) -> Result<Step> {
        let shape = &self.language.shape;
        Ok(Step::product(
            self.kernels.gate_up(products.gate.format)?,
            shape.intermediate,
            vec![
                products.gate.address.into(),
                products.up.address.into(),
                buffers.at.x.into(),
                norm.into(),
                buffers.at.gated.into(),
                int(shape.hidden)?.into(),
                int(shape.intermediate)?.into(),
                (shape.eps as f32).into(),
            ],
        ))
    }

    fn logits(&self, buffers: &Buffers, norm: u64) -> Result<Step> {
        let shape = &self.language.shape;
        Ok(Step::product(
            self.kernels.logits(self.head.format)?,
            shape.vocabulary.div_ceil(2),
            vec![
                self.head.address.into(),
                buffers.at.x.into(),
                norm.into(),
                buffers.at.logits.into(),
                buffers.at.best.into(),
                int(shape.hidden)?.into(),
                int(shape.vocabulary)?.into(),
                (shape.eps as f32).into(),
            ],
        ))
    }

    fn choose(&self, buffers: &Buffers) -> Result<Step> {
        let found = blocks(self.language.shape.vocabulary.div_ceil(2));
        Ok(Step::new(
            self.kernels.choose()?,
            (1, 1),
            WARP,
            vec![
                buffers.at.best.into(),
                int(found as usize)?.into(),
                buffers.at.token.into(),
                buffers.at.position.into(),
                buffers.at.chosen.into(),
            ],
        ))
    }
}

fn int(size: usize) -> Result<i32> {
    i32::try_from(size).map_err(Error::wrap)
}

/// There is a kernel for weights as they are stored and everything else in this format.
fn known(weights: Format, float: Float) -> bool {
    !matches!(weights, Format::Plain(plain) if plain != float)
}

/// Values of a head of this size that a lane has, if there is a kernel for it.
fn each(head_dim: usize) -> Option<usize> {
    let lanes = WARP as usize;
    let fits = |each: &usize| head_dim <= lanes * each && head_dim.is_multiple_of(*each);
    let each = EACH.into_iter().find(fits);
    each.filter(|_| head_dim.is_multiple_of(2))
}

/// Enough for two blocks on every multiprocessor.
fn parts(stream: &Arc<CudaStream>, shape: &Shape) -> Result<u32> {
    const MULTIPROCESSORS: sys::CUdevice_attribute =
        sys::CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
    let multiprocessors = stream.context().attribute(MULTIPROCESSORS).w()?;
    let wanted = 2 * multiprocessors.unsigned_abs();
    Ok(wanted.div_ceil(shape.heads.max(1) as u32).clamp(1, 32))
}
