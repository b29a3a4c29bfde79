//! How the kernel hands out memory: overcommit and swap.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::machine::Machine;
use crate::read::kilobytes;

pub(super) const OVERCOMMIT: About = About {
    topic: Topic::Limits,
    name: "overcommit",
    matters: "CUDA and allocators reserve far more than they use; with strict accounting they fail while memory is free",
};

pub(super) const SWAP: About = About {
    topic: Topic::Limits,
    name: "swap",
    matters: "loading a model takes its size in host memory and more; without swap what comes above ends a process at once",
};

const FILE: &str = "/proc/sys/vm/overcommit_memory";
/// A 7B model in half precision, and the rest of a desktop.
const ENOUGH_BYTES: u64 = 24 << 30;

pub(super) fn overcommit(machine: &Machine) -> Check {
    match machine.number(FILE) {
        None => OVERCOMMIT.not_readable(
            format!("{FILE} cannot be read"),
            &["sysctl vm.overcommit_memory"],
        ),
        Some(2) => OVERCOMMIT.doubtful(
            "vm.overcommit_memory=2: what is reserved counts as used",
            &["sudo sysctl -w vm.overcommit_memory=0  # lasting: in /etc/sysctl.d"],
        ),
        Some(mode) => OVERCOMMIT.good(format!("vm.overcommit_memory={mode}")),
    }
}

pub(super) fn swap(machine: &Machine) -> Check {
    let text = machine.text("/proc/meminfo").unwrap_or_default();
    let (Some(memory), Some(swap)) = (kilobytes(&text, "MemTotal"), kilobytes(&text, "SwapTotal"))
    else {
        return SWAP.not_readable("/proc/meminfo cannot be read", &["free -h"]);
    };
    let gib = |bytes: u64| bytes as f64 / f64::from(1_u32 << 30);
    let seen = format!(
        "{:.1} GiB of memory, {:.1} GiB of swap",
        gib(memory),
        gib(swap)
    );
    match memory + swap < ENOUGH_BYTES {
        true => SWAP.doubtful(
            format!("{seen}: little for a 7B model in half precision"),
            &["sudo fallocate -l 16G /swapfile && sudo chmod 600 /swapfile && sudo mkswap /swapfile && sudo swapon /swapfile"],
        ),
        false => SWAP.good(seen),
    }
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn strict_accounting_is_doubtful() {
        let other = Other::new("overcommit", &[]);
        assert_eq!(overcommit(&other.machine).state, State::NotReadable);
        for (mode, state) in [
            ("0\n", State::Good),
            ("1\n", State::Good),
            ("2\n", State::Doubtful),
        ] {
            other.put(FILE, mode);
            assert_eq!(overcommit(&other.machine).state, state, "{mode}");
        }
    }

    #[test]
    fn memory_and_swap_count_together() {
        let other = Other::new("swap", &[]);
        assert_eq!(swap(&other.machine).state, State::NotReadable);
        let with = |memory: u64, swap_gib: u64| {
            let text = format!(
                "MemTotal:  {} kB\nSwapTotal: {} kB\n",
                memory << 20,
                swap_gib << 20
            );
            other.put("/proc/meminfo", &text);
            swap(&other.machine).state
        };
        assert_eq!(with(31, 0), State::Good);
        assert_eq!(with(16, 0), State::Doubtful);
        assert_eq!(with(16, 16), State::Good);
    }
}
