//! What the device's allocator says of itself: CUDA's memory pool, which all of candle's tensors come
//! from. Where memory is not pooled there are no such numbers.

use candle_core::Device;
use crashpoint_reports::protocol::AllocatorMemory;

#[cfg(feature = "cuda")]
use super::cuda::MemoryPool;

#[derive(Debug)]
pub struct Pool {
    #[cfg(feature = "cuda")]
    pool: MemoryPool,
}

#[cfg(feature = "cuda")]
impl Pool {
    /// The pool keeps what it has from now on. Otherwise it would give everything that is free back
    /// at each synchronisation, and what it reserves would say nothing.
    pub fn of(device: &Device) -> Option<Pool> {
        let Device::Cuda(device) = device else {
            return None;
        };
        let pool = MemoryPool::of(device)?;
        pool.keep_everything();
        Some(Pool { pool })
    }

    pub fn allocated_bytes(&self) -> Option<u64> {
        self.pool.used()
    }

    pub fn memory(&self) -> Option<AllocatorMemory> {
        Some(AllocatorMemory {
            allocated_bytes: self.pool.used()?,
            reserved_bytes: self.pool.reserved()?,
            allocated_high_bytes: self.pool.used_high(),
            reserved_high_bytes: self.pool.reserved_high(),
        })
    }

    /// The next highs are those since now.
    pub fn forget_highs(&self) {
        self.pool.forget_highs();
    }
}

#[cfg(not(feature = "cuda"))]
impl Pool {
    pub fn of(_: &Device) -> Option<Pool> {
        None
    }

    pub fn allocated_bytes(&self) -> Option<u64> {
        None
    }

    pub fn memory(&self) -> Option<AllocatorMemory> {
        None
    }

    pub fn forget_highs(&self) {}
}
