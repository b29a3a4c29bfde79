//! What this machine lacks for a fault, found out without causing it.

use std::fs;

use crashpoint_probes::cgroup::{Limits, OwnGroup};
use crashpoint_scenarios::fault::Needs;

/// The bit of `CAP_SYS_ADMIN` in the kernel's masks: linux/capability.h.
const SYS_ADMIN: u64 = 1 << 21;

/// `None`: it can be had here.
pub fn here(needs: Needs, gpu: bool) -> Option<String> {
    if needs.gpu && !gpu {
        return Some("it needs a GPU: --device cuda:0 and a --worker built with CUDA".to_owned());
    }
    // An ordinary user's threads are bounded without one.
    if let Some(bytes) = needs.memory_limit_bytes
        && let Err(error) = OwnGroup::make(Limits {
            memory_bytes: Some(bytes),
            pids: None,
        })
    {
        return Some(error.to_string());
    }
    if needs.private_mounts && !may_mount() {
        return Some("it needs a mount namespace, as root or with user namespaces".to_owned());
    }
    None
}

fn may_mount() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0);
    effective & SYS_ADMIN != 0 || user_namespaces()
}

fn user_namespaces() -> bool {
    let number = |path: &str| -> Option<u64> { fs::read_to_string(path).ok()?.trim().parse().ok() };
    let allowed = number("/proc/sys/user/max_user_namespaces").is_some_and(|most| most > 0);
    // Debian's own switch, and Ubuntu's; absent elsewhere.
    let switched_off = number("/proc/sys/kernel/unprivileged_userns_clone") == Some(0)
        || number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == Some(1);
    allowed && !switched_off
}
