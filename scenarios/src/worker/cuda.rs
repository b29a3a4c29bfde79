//! What a worker asks of CUDA itself, past candle.
#![allow(unsafe_code)]

use candle_core::cuda_backend::CudaDevice;
use candle_core::cuda_backend::cudarc::driver::result::{device, mem_pool};
use candle_core::cuda_backend::cudarc::driver::sys::{
    CUmemPool_attribute as Attribute, CUmemoryPool,
};

/// A worker has one stream, so that all it does on the device is in order already: two events for
/// every tensor, which would order several, are time lost.
pub fn use_one_stream(device: &CudaDevice) {
    // SAFETY: no other stream is ever made on this context.
    unsafe { device.disable_event_tracking() };
}

/// The device's own pool, which `cuMemAllocAsync` takes from.
#[derive(Debug)]
pub struct MemoryPool(CUmemoryPool);

impl MemoryPool {
    /// `None` where the device has no pools: then nothing is allocated from one.
    pub fn of(device: &CudaDevice) -> Option<MemoryPool> {
        let stream = device.cuda_stream();
        let context = stream.context();
        if !context.has_async_alloc() {
            return None;
        }
        // SAFETY: a device that is open, whose pool lives as long as the process.
        unsafe { device::get_mem_pool(context.cu_device()) }
            .ok()
            .map(MemoryPool)
    }

    /// What is freed stays in the pool.
    pub fn keep_everything(&self) {
        self.set(Attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, u64::MAX);
    }

    pub fn used(&self) -> Option<u64> {
        self.get(Attribute::CU_MEMPOOL_ATTR_USED_MEM_CURRENT)
    }

    pub fn used_high(&self) -> Option<u64> {
        self.get(Attribute::CU_MEMPOOL_ATTR_USED_MEM_HIGH)
    }

    pub fn reserved(&self) -> Option<u64> {
        self.get(Attribute::CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT)
    }

    pub fn reserved_high(&self) -> Option<u64> {
        self.get(Attribute::CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH)
    }

    /// The highs begin anew at what there is now.
    pub fn forget_highs(&self) {
        self.set(Attribute::CU_MEMPOOL_ATTR_USED_MEM_HIGH, 0);
        self.set(Attribute::CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH, 0);
    }

    fn get(&self, attribute: Attribute) -> Option<u64> {
        let mut value = 0_u64;
        // SAFETY: a pool that lives, and a number as wide as each of these attributes is.
        unsafe { mem_pool::get_attribute(self.0, attribute, (&raw mut value).cast()) }
            .ok()
            .map(|()| value)
    }

    /// A driver that refuses has its reason, and the numbers tell what came of it.
    fn set(&self, attribute: Attribute, mut value: u64) {
        // SAFETY: as above.
        let _ = unsafe { mem_pool::set_attribute(self.0, attribute, (&raw mut value).cast()) };
    }
}
