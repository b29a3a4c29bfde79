//! What the worker can say of memory by itself: its own, and what its device has left.

use candle_core::Device;
use sysinfo::System;

/// Of the device that the model goes to.
#[derive(Debug, Clone, Copy)]
pub struct DeviceMemory {
    pub free_bytes: u64,
    pub total_bytes: u64,
}

/// Resident memory of this process.
pub fn rss_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok()??;
    Some(pages * u64::try_from(page).ok()?)
}

/// `None` where it cannot be told: then no budget can be checked.
pub fn of_device(device: &Device) -> Option<DeviceMemory> {
    match device {
        Device::Cpu => of_host(),
        #[cfg(feature = "cuda")]
        Device::Cuda(_) => {
            let (free, total) = candle_core::cuda::cudarc::driver::result::mem_get_info().ok()?;
            Some(DeviceMemory {
                free_bytes: free as u64,
                total_bytes: total as u64,
            })
        }
        _ => None,
    }
}

/// Of the whole machine, or of the control group where that one is tighter.
fn of_host() -> Option<DeviceMemory> {
    let mut system = System::new().ok()?;
    system.refresh_memory();
    let host = DeviceMemory {
        free_bytes: system.available_memory(),
        total_bytes: system.total_memory(),
    };
    let group = system.cgroup_limits().map(|limits| DeviceMemory {
        free_bytes: limits.free_memory,
        total_bytes: limits.total_memory,
    });
    Some(
        group
            .filter(|group| group.free_bytes < host.free_bytes)
            .unwrap_or(host),
    )
}
