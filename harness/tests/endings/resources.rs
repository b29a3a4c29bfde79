//! Something of the host runs out.

crate::faults! {
    host_oom = HostOom,
    alloc_failure = AllocFailure,
    fd_leak = FdLeak,
    thread_leak = ThreadLeak,
    disk_full = DiskFull,
    shm_full = ShmFull,
}
