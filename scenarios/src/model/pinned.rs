//! Memory of the host that a GPU copies from by itself.

#![allow(unsafe_code, reason = "pinned memory comes without values")]

use std::fmt;

use candle_core::Device;
use candle_core::cuda_backend::cudarc::driver::PinnedHostSlice;

pub struct Pinned(PinnedHostSlice<u8>);

impl Pinned {
    /// `None` where there is no GPU, or the system pins no more.
    pub fn new(size: usize, device: &Device) -> Option<Pinned> {
        let Device::Cuda(device) = device else {
            return None;
        };
        let stream = device.cuda_stream();
        // Not write-combined: weights that are to be quantised are read from it.
        // SAFETY: any bytes are bytes, and they are read after they were written only.
        unsafe { stream.context().alloc_pinned_with_flags(size, 0) }
            .ok()
            .map(Pinned)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn bytes(&mut self) -> Option<&mut [u8]> {
        self.0.as_mut_slice().ok()
    }
}

impl fmt::Debug for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pinned").field("len", &self.len()).finish()
    }
}
