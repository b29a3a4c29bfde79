//! Looks at a machine for what a reset would take away and what would be left to tell of it.
//!
//! Nothing is changed, apart from a file in the place for records and a control group, each made to
//! see whether it can be, and removed. Each look has a bound: what does not answer is `not readable`.

mod about;
mod block_device;
mod caches;
mod cards;
mod clock;
mod control_group;
mod core_dumps;
mod cuda_runtime;
mod device_nodes;
mod driver_versions;
mod filesystem;
mod flush;
mod gpu;
mod heat;
mod kdump;
mod kernel_log;
mod lockups;
mod logged;
mod machine;
mod memory;
mod memory_errors;
mod mount_options;
mod panic;
mod pcie;
mod persistence;
mod place;
mod power;
mod pstore;
mod ptrace;
mod quota;
mod room;
mod service_manager;
mod shared_memory;
mod systemd_setting;
mod trouble;
mod ulimits;
mod watchdog;
mod worst;
mod write_cache;

use std::path::Path;
use std::time::Duration;

use crashpoint_reports::checkup::{Check, Checkup};

use crate::bounded::in_time;
use crate::gpu::Command;
use about::About;
use cards::Cards;
use machine::Machine;
use place::Place;

/// A disk that spins up takes longer than a second.
const ANSWERS: Duration = Duration::from_secs(10);

/// Of this machine, for runs recorded in `out`, which need not exist. `probe` is how the process that
/// asks for GPUs is started; `supply_watts` what somebody says that the power supply gives.
pub fn checkup(out: &Path, probe: Command, supply_watts: Option<u64>) -> Checkup {
    let mut checks = of_place(out);
    type Look = fn(&Machine) -> Check;
    let looks: [(&About, Look); 15] = [
        (&logged::ABOUT, logged::check),
        (&pstore::ABOUT, pstore::check),
        (&kdump::ABOUT, kdump::check),
        (&clock::ABOUT, |machine| {
            clock::check(machine, crate::boot::Clocks::now())
        }),
        (&watchdog::ABOUT, watchdog::check),
        (&lockups::ABOUT, lockups::check),
        (&panic::ABOUT, panic::check),
        (&ptrace::ABOUT, |machine| {
            ptrace::check(machine, ptrace::may_always())
        }),
        (&core_dumps::ABOUT, core_dumps::check),
        (&shared_memory::ABOUT, |machine| {
            shared_memory::check(crate::disk::of(&machine.path("/dev/shm")).as_ref())
        }),
        (&ulimits::ABOUT, ulimits::check),
        (&memory::OVERCOMMIT, memory::overcommit),
        (&memory::SWAP, memory::swap),
        (&caches::ABOUT, |_| caches::check(&caches::rooms())),
        (&trouble::OOM, |_| trouble::oom_kills(&trouble::logs())),
    ];
    for (about, look) in looks {
        checks.push(bounded(about, move || look(&Machine::this())));
    }
    checks.push(bounded(&kernel_log::ABOUT, || {
        kernel_log::check(crate::kernel_log::Follower::begin().end())
    }));
    checks.push(bounded(&service_manager::ABOUT, || {
        service_manager::check(
            &Machine::this(),
            service_manager::ordinary_user().as_deref(),
        )
    }));
    checks.push(bounded(&control_group::ABOUT, control_group::check));
    checks.extend(of_gpus(probe, supply_watts));
    // In the order of their topics, and within one as they stand here.
    checks.sort_by_key(|check| check.topic as u8);
    Checkup::of(out.display().to_string(), checks)
}

fn of_place(out: &Path) -> Vec<Check> {
    let wanted = out.to_owned();
    let place = match in_time(ANSWERS, move || Place::find(&Machine::this(), &wanted)) {
        Some(Ok(place)) => place,
        Some(Err(why)) => {
            return vec![filesystem::ABOUT.bad(
                format!("{}: {why}", out.display()),
                &["# choose another place with --out"],
            )];
        }
        None => {
            return vec![filesystem::ABOUT.bad(
                format!("{}: {}", out.display(), silence()),
                &["# look whether its server or device still answers, or choose another place with --out"],
            )];
        }
    };
    type Look = fn(&Machine, &Place) -> Check;
    let looks: [(&About, Look); 6] = [
        (&filesystem::ABOUT, |_, place| filesystem::check(place)),
        (&mount_options::ABOUT, |machine, place| {
            mount_options::check(machine, place)
        }),
        (&write_cache::ABOUT, write_cache::check),
        (&flush::ABOUT, |_, place| flush::check(&place.folder)),
        (&room::ABOUT, |_, place| {
            room::check(crate::disk::of(&place.folder))
        }),
        (&quota::ABOUT, |_, place| quota::check(place)),
    ];
    looks
        .into_iter()
        .map(|(about, look)| {
            let place = place.clone();
            bounded(about, move || look(&Machine::this(), &place))
        })
        .collect()
}

fn of_gpus(probe: Command, supply_watts: Option<u64>) -> Vec<Check> {
    let cards =
        in_time(ANSWERS, move || cards::ask(probe)).unwrap_or_else(|| Cards::absent(silence()));
    type Look = fn(&Machine, &Cards) -> Check;
    let mut looks: Vec<(&About, Look)> = vec![
        (&gpu::ABOUT, gpu::check),
        (&driver_versions::ABOUT, |machine, cards| {
            driver_versions::check(machine, &crate::env::libraries(machine.root()), cards)
        }),
        (&cuda_runtime::ABOUT, |machine, cards| {
            let libraries = crate::env::libraries(machine.root());
            let python = crate::env::python_packages(machine.root());
            let driver = driver_versions::loaded(machine, cards);
            cuda_runtime::check(driver.as_deref(), &libraries, python.as_ref())
        }),
        (&device_nodes::ABOUT, |machine, _| {
            let own = i32::try_from(std::process::id()).unwrap_or(0);
            let devices = crate::cgroup::device_list(own);
            device_nodes::check(machine, &device_nodes::nodes(machine), devices.as_deref())
        }),
        (&trouble::XIDS, |_, _| trouble::xids(&trouble::logs())),
    ];
    if cards.absent_because.is_none() {
        looks.extend::<[(&About, Look); 6]>([
            (&persistence::ABOUT, |_, cards| persistence::check(cards)),
            (&power::LIMIT, |_, cards| power::limit(cards)),
            (&pcie::LINK, |_, cards| pcie::link(cards)),
            (&pcie::BAR, pcie::bar),
            (&memory_errors::ABOUT, |_, cards| {
                memory_errors::check(cards)
            }),
            (&heat::ABOUT, |_, cards| heat::check(cards)),
        ]);
    }
    let mut checks: Vec<Check> = looks
        .into_iter()
        .map(|(about, look)| {
            let cards = cards.clone();
            bounded(about, move || look(&Machine::this(), &cards))
        })
        .collect();
    checks.extend(supply_watts.map(|watts| {
        bounded(&power::SUPPLY, move || {
            power::supply(&Machine::this(), &cards, watts)
        })
    }));
    checks
}

fn bounded(about: &About, look: impl FnOnce() -> Check + Send + 'static) -> Check {
    in_time(ANSWERS, look)
        .unwrap_or_else(|| about.not_readable(silence(), &["# look at what the kernel logs"]))
}

fn silence() -> String {
    format!("no answer within {} s", ANSWERS.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn this_machine_is_looked_at_whole() {
        let probe = Command {
            program: "/no/such/probe".into(),
            args: Vec::new(),
        };
        let folder = std::env::temp_dir();
        let checkup = checkup(&folder.join("not/made/yet"), probe, Some(850));
        assert_eq!(checkup.checks.len(), 30);
        assert!(!folder.join("not").exists());
        for check in &checkup.checks {
            assert!(
                !check.seen.is_empty() && !check.matters.is_empty(),
                "{check:?}"
            );
            assert!(
                check.state == State::Good || !check.remedy.is_empty(),
                "{check:?}"
            );
        }
    }

    #[test]
    fn what_hangs_is_not_readable() {
        let (release, held) = std::sync::mpsc::channel::<()>();
        let silent = in_time(Duration::from_millis(1), move || held.recv());
        assert!(silent.is_none());
        drop(release);
        let check = room::ABOUT.not_readable(silence(), &["x"]);
        assert_eq!(check.state, State::NotReadable);
    }
}
