//! Whether the clock is right, and goes on while the machine is off.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::machine::Machine;
use crate::boot::Clocks;

pub(super) const ABOUT: About = About {
    topic: Topic::Evidence,
    name: "clock",
    matters: "the time between the last record and the next boot tells a reset from a machine that stayed off",
};

/// What the daemons that keep a clock right leave behind while they do: systemd-timesyncd(8),
/// chronyd(8), ntpd(8).
const KEPT: [&str; 4] = [
    "/run/systemd/timesync/synchronized",
    "/run/chrony/chronyd.pid",
    "/run/chronyd.pid",
    "/run/ntpd.pid",
];
/// The hardware's clock counts whole seconds, and the kernel sets it every 11 minutes.
const OFF_S: u64 = 3;
/// It may run on local time; zones differ by quarters of an hour.
const QUARTER_S: u64 = 900;

pub(super) fn check(machine: &Machine, now: Clocks) -> Check {
    let kept = KEPT.into_iter().find(|sign| machine.exists(sign));
    let keeper = match kept {
        Some(sign) => format!("{sign} says that it is kept right"),
        None => "no sign of anything that keeps it right".to_owned(),
    };
    let Some(rtc_s) = rtc_s(machine) else {
        return ABOUT.doubtful(
            format!("no hardware clock; {keeper}"),
            &["# after a reset the clock is wrong until the network sets it: let runs begin after time-sync.target"],
        );
    };
    let off_s = off(rtc_s, now.wall_us / 1_000_000);
    if off_s > OFF_S {
        return ABOUT.doubtful(
            format!("the hardware clock is {off_s} s off; {keeper}"),
            &["sudo hwclock --systohc"],
        );
    }
    match kept {
        Some(_) => ABOUT.good(format!("the hardware clock agrees; {keeper}")),
        None => ABOUT.doubtful(
            format!("the hardware clock agrees; {keeper}"),
            &["sudo timedatectl set-ntp true"],
        ),
    }
}

fn rtc_s(machine: &Machine) -> Option<u64> {
    let clocks = machine.names("/sys/class/rtc").ok()?;
    clocks
        .iter()
        .find_map(|name| machine.number(format!("/sys/class/rtc/{name}/since_epoch")))
        .and_then(|seconds| u64::try_from(seconds).ok())
}

fn off(rtc_s: u64, wall_s: u64) -> u64 {
    let difference = rtc_s.abs_diff(wall_s);
    let within = difference % QUARTER_S;
    // More than a day apart is no zone.
    if difference > 24 * 3600 {
        difference
    } else {
        within.min(QUARTER_S - within)
    }
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn a_clock_on_local_time_agrees_and_one_that_stopped_does_not() {
        assert_eq!(off(1_000_000, 1_000_001), 1);
        assert_eq!(off(1_000_000, 1_000_000 + 5 * 3600 + 1800), 0);
        assert_eq!(off(1_000_000, 1_000_899), 1);
        assert_eq!(off(1_000_000, 1_000_070), 70);
        assert_eq!(off(0, 1_700_000_000), 1_700_000_000);
    }

    #[test]
    fn it_is_good_where_it_goes_on_and_is_kept_right() {
        let other = Other::new("clock", &[]);
        let now = Clocks {
            mono_us: 0,
            boottime_us: 0,
            wall_us: 1_700_000_000_000_000,
        };
        let state = || check(&other.machine, now).state;
        assert_eq!(state(), State::Doubtful);
        other.put("/run/systemd/timesync/synchronized", "");
        assert_eq!(state(), State::Doubtful);
        other.put("/sys/class/rtc/rtc0/since_epoch", "1700000001\n");
        assert_eq!(state(), State::Good);
        other.put("/sys/class/rtc/rtc0/since_epoch", "946684800\n");
        assert_eq!(state(), State::Doubtful);
    }
}
