//! What a worker asks of CUDA itself, past candle.
#![allow(unsafe_code)]

use candle_core::cuda_backend::CudaDevice;
use candle_core::cuda_backend::cudarc::driver::result::{self, device, mem_pool};
use candle_core::cuda_backend::cudarc::driver::sys::{
    CUmemPool_attribute as Attribute, CUmemoryPool,
};
use candle_core::cuda_backend::cudarc::driver::{
    CudaContext, DriverError, LaunchConfig, PushKernelArg,
};
use candle_core::cuda_backend::cudarc::nvrtc::Ptx;

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

/// Writes a number with a kernel of its own, and reads it back.
pub fn write_and_read_back(ordinal: usize) -> Result<(), String> {
    let failed = |what: &'static str| move |error: DriverError| format!("{what}: {error}");
    let context = CudaContext::new(ordinal).map_err(failed("failed to open it"))?;
    let stream = context.default_stream();
    let module = context
        .load_module(Ptx::from_src(WRITE))
        .map_err(failed("failed to load a kernel"))?;
    let function = module
        .load_function("write")
        .map_err(failed("failed to find the kernel"))?;
    // SAFETY: a context is current, and the block is used only until it is freed.
    let block = unsafe { result::malloc_sync(size_of::<u32>()) };
    let block = block.map_err(failed("failed to allocate"))?;
    let one = LaunchConfig {
        grid_dim: (1, 1, 1),
        block_dim: (1, 1, 1),
        shared_mem_bytes: 0,
    };
    let mut builder = stream.launch_builder(&function);
    builder.arg(&block);
    // SAFETY: the kernel takes one address and writes four bytes there: the block has them.
    unsafe { builder.launch(one) }.map_err(failed("failed to launch"))?;
    stream
        .synchronize()
        .map_err(failed("failed to synchronise"))?;
    let mut found = [0_u32];
    // SAFETY: the block holds as much as is read.
    unsafe { result::memcpy_dtoh_sync(&mut found, block) }.map_err(failed("failed to copy"))?;
    // SAFETY: allocated above, and used no more.
    unsafe { result::free_sync(block) }.map_err(failed("failed to free"))?;
    match found {
        [WRITTEN] => Ok(()),
        [other] => Err(format!(
            "a kernel wrote {WRITTEN:#x}, and {other:#x} was read"
        )),
    }
}

/// As NVML and `CUDA_VISIBLE_DEVICES` write it.
pub fn uuid(device: &CudaDevice) -> Option<String> {
    let uuid = device.cuda_stream().context().uuid().ok()?;
    let digits: String = uuid
        .bytes
        .iter()
        .map(|it| format!("{:02x}", *it as u8))
        .collect();
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    let parts: Option<Vec<&str>> = parts.into_iter().map(|part| digits.get(part)).collect();
    Some(format!("GPU-{}", parts?.join("-")))
}

const WRITTEN: u32 = 0x600d;
/// As PTX: the driver compiles it, so that no CUDA compiler is needed.
const WRITE: &str = "\
.version 7.0
.target sm_52
.address_size 64
.visible .entry write(.param .u64 to)
{
 .reg .b32 %r<2>;
 .reg .b64 %rd<3>;
 ld.param.u64 %rd1, [to];
 cvta.to.global.u64 %rd2, %rd1;
 mov.u32 %r1, 0x600d;
 st.global.u32 [%rd2], %r1;
 ret;
}
";
