//! What the model has read so far.

use candle_core::{DType, Device, Result, Tensor};

use super::Shape;

#[derive(Debug)]
pub struct Context {
    /// Of each layer.
    pub caches: Vec<KvCache>,
    /// Tokens that were read.
    pub position: usize,
}

impl Context {
    pub fn new(
        shape: &Shape,
        layers: usize,
        capacity: usize,
        dtype: DType,
        device: &Device,
    ) -> Result<Context> {
        Ok(Context {
            caches: (0..layers)
                .map(|_| KvCache::new(shape, capacity, dtype, device))
                .collect::<Result<_>>()?,
            position: 0,
        })
    }
}

/// The keys and values of one layer: (1, heads of keys and values, capacity, head_dim). All of it is
/// there from the start, so that a token costs no copy of those before it and an answer's memory is
/// known before its first token.
#[derive(Debug)]
pub struct KvCache {
    pub keys: Tensor,
    pub values: Tensor,
}

impl KvCache {
    fn new(shape: &Shape, capacity: usize, dtype: DType, device: &Device) -> Result<KvCache> {
        let sides = (1, shape.kv_heads, capacity, shape.head_dim);
        Ok(KvCache {
            keys: Tensor::zeros(sides, dtype, device)?,
            values: Tensor::zeros(sides, dtype, device)?,
        })
    }

    /// Puts the next tokens' keys and values at `position`: all up to and with them.
    pub fn extend(
        &self,
        position: usize,
        keys: &Tensor,
        values: &Tensor,
    ) -> Result<(Tensor, Tensor)> {
        self.keys.slice_set(keys, 2, position)?;
        self.values.slice_set(values, 2, position)?;
        let read = position + keys.dim(2)?;
        Ok((
            self.keys.narrow(2, 0, read)?,
            self.values.narrow(2, 0, read)?,
        ))
    }
}
