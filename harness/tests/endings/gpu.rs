//! Faults of a GPU: turned down by a worker that was built without CUDA.

crate::faults! {
    device_oom = DeviceOom,
    cuda_illegal_address = CudaIllegalAddress,
    cuda_misaligned_address = CudaMisalignedAddress,
    cuda_device_assert = CudaDeviceAssert,
    cuda_trap = CudaTrap,
    cuda_infinite_kernel = CudaInfiniteKernel,
    cuda_out_of_memory = CudaOutOfMemory,
    cuda_context_destroyed = CudaContextDestroyed,
}
