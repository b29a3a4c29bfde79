//! Each row of the table, and what looks like it and is not.

use super::*;
use crate::event::{Header, Writer};

/// 2026-11-23T14:02:11Z, the last record.
const LAST_WALL_US: u64 = 1_795_442_531_000_000;
/// An hour after the boot.
const LAST_MONO_US: u64 = 3_600_000_000;
const PID: i32 = 4711;

/// A run that was sampled, died, and is looked at half a minute later in the boot after it.
struct Scene {
    run: RunState,
    this: ThisBoot,
    found: Found,
    gone: Confidence,
}

fn s(seconds: u64) -> u64 {
    seconds * 1_000_000
}

fn reset() -> Scene {
    Scene {
        run: RunState {
            header: Some(Header {
                format: 1,
                crashpoint: "0.1.0".into(),
                run: "r".into(),
                command: Vec::new(),
                boot_id: "boot-a".into(),
                boot_time_s: (LAST_WALL_US - LAST_MONO_US) / 1_000_000,
                boottime_us: LAST_MONO_US - s(60),
                pid: PID,
                pid_start_ticks: 77,
                pid_namespace: "pid:[4026531836]".into(),
                writer: Writer::Run,
                previous: None,
                machine: None,
                working_folder: None,
            }),
            sample_hz: Some(10.0),
            last_seq: 41,
            last_mono_us: LAST_MONO_US,
            last_wall_us: LAST_WALL_US,
            ..RunState::default()
        },
        this: ThisBoot {
            boot_id: "boot-b".into(),
            boot_time_s: (LAST_WALL_US + s(10)) / 1_000_000,
            mono_us: s(20),
            boottime_us: s(20),
            wall_us: LAST_WALL_US + s(30),
            by_kexec: false,
            machine: None,
        },
        found: Found::default(),
        gone: Confidence::Certain,
    }
}

/// The supervisor is gone, and the machine is still in the same boot, a minute later.
fn killed() -> Scene {
    let mut scene = reset();
    scene.this = ThisBoot {
        boot_id: "boot-a".into(),
        boot_time_s: (LAST_WALL_US - LAST_MONO_US) / 1_000_000,
        mono_us: LAST_MONO_US + s(60),
        boottime_us: LAST_MONO_US + s(60),
        wall_us: LAST_WALL_US + s(60),
        by_kexec: false,
        machine: None,
    };
    scene
}

impl Scene {
    fn decide(&self) -> Recovery {
        let gone = Evidence::new("process", "process 4711 is gone");
        decide(&Question {
            run: &self.run,
            boot_id: "boot-a",
            this: &self.this,
            found: &self.found,
            gone: (self.gone, &gone),
        })
    }

    #[track_caller]
    fn is(&self, ended_by: RunEnding, confidence: Confidence) -> Recovery {
        let found = self.decide();
        assert_eq!(
            (found.ended_by, found.confidence),
            (ended_by, confidence),
            "{:#?}",
            found.evidence
        );
        found
    }

    /// A line of the run's boot, so long after its last record (before it, if negative).
    fn logged(&mut self, after_s: i64, from: &str, pid: Option<i32>, text: &str) -> &mut Scene {
        let mono_us = LAST_MONO_US
            .checked_add_signed(after_s * 1_000_000)
            .unwrap();
        self.found.run_boot.get_or_insert_default().push(LogLine {
            mono_us: Some(mono_us),
            from: from.into(),
            pid,
            text: text.into(),
        });
        self
    }

    /// A line of this boot's kernel.
    fn booted(&mut self, mono_s: u64, text: &str) -> &mut Scene {
        self.found.this_boot.push(LogLine {
            mono_us: Some(s(mono_s)),
            from: "kernel".into(),
            pid: None,
            text: text.into(),
        });
        self
    }

    /// A dump that was written so long after the last record, by both of its clocks.
    fn dumped(&mut self, wall_after_s: i64, mono_after_s: i64, text: &str) -> &mut Scene {
        let mono_us = LAST_MONO_US
            .checked_add_signed(mono_after_s * 1_000_000)
            .unwrap();
        self.found.dumps.push(Dump {
            path: "/sys/fs/pstore/dmesg-erst-1".into(),
            wall_us: LAST_WALL_US.checked_add_signed(wall_after_s * 1_000_000),
            lines: vec![
                "Panic#1 Part1".into(),
                format!(
                    "<0>[{:5}.{:06}] {text}",
                    mono_us / 1_000_000,
                    mono_us % 1_000_000
                ),
            ],
            of_memory: false,
        });
        self
    }

    fn wtmp(&mut self, records: &[(WtmpKind, i64)]) -> &mut Scene {
        let record = |&(kind, after_s): &(WtmpKind, i64)| WtmpRecord {
            kind,
            wall_us: LAST_WALL_US
                .checked_add_signed(after_s * 1_000_000)
                .unwrap(),
            text: format!("{kind:?}"),
        };
        self.found.wtmp = Some(records.iter().map(record).collect());
        self
    }
}

const PANIC: &str = "Kernel panic - not syncing: sysrq triggered crash";

fn text(recovery: &Recovery) -> String {
    recovery
        .evidence
        .iter()
        .map(|it| format!("{}: {}\n", it.source, it.text))
        .collect()
}

#[test]
fn nothing_but_another_boot_id_is_a_reset_and_no_more_than_possible() {
    let found = reset().is(RunEnding::MachineReset, Confidence::Possible);
    assert_eq!(found.class, Class::MachineReset);
    assert!(text(&found).contains("boot-a"), "{found:?}");
    assert!(text(&found).contains("missing: "));
    assert_eq!(found.death.gap_seconds, 10.0);
    assert_eq!(found.death.last_record_seq, 41);
    assert_eq!(found.restarts, Some(1));
}

#[test]
fn signs_of_an_unclean_end_make_a_reset_likely() {
    let mut replayed = reset();
    replayed.booted(2, "EXT4-fs (vda): recovery complete");
    replayed.is(RunEnding::MachineReset, Confidence::Likely);
    for (mono_s, text) in [
        (17_810, "EXT4-fs (vdb): recovery complete"),
        (2, "EXT4-fs (loop0): recovery complete"),
    ] {
        let mut other = reset();
        other.booted(mono_s, text);
        other.is(RunEnding::MachineReset, Confidence::Possible);
    }
    // Days later, and nobody counted the restarts.
    replayed.this.boot_time_s += 400_000;
    replayed.is(RunEnding::MachineReset, Confidence::Possible);
    let mut recorded = reset();
    recorded.wtmp(&[
        (WtmpKind::Boot, -90_000),
        (WtmpKind::Shutdown, -4000),
        (WtmpKind::Boot, -3600),
        (WtmpKind::Boot, 12),
    ]);
    recorded.is(RunEnding::MachineReset, Confidence::Likely);
    let mut stops = reset();
    stops.logged(-5, "cron", Some(300), "(root) CMD (true)");
    stops.is(RunEnding::MachineReset, Confidence::Likely);
}

#[test]
fn a_wtmp_that_never_saw_a_shutdown_proves_nothing_by_lacking_one() {
    let mut scene = reset();
    scene.wtmp(&[(WtmpKind::Boot, -3600), (WtmpKind::Boot, 12)]);
    scene.is(RunEnding::MachineReset, Confidence::Possible);
}

#[test]
fn a_panic_is_certain_if_both_clocks_of_its_dump_agree() {
    let mut scene = reset();
    scene.dumped(1, 1, PANIC);
    let found = scene.is(RunEnding::KernelPanic, Confidence::Certain);
    assert_eq!(found.by.as_deref(), Some("sysrq triggered crash"));
    assert!(found.last_lines.iter().any(|line| line.contains(PANIC)));
    // Some stores keep no time.
    scene.found.dumps[0].wall_us = None;
    scene.is(RunEnding::KernelPanic, Confidence::Likely);
}

#[test]
fn a_dump_of_another_crash_is_no_panic_of_this_run() {
    let day = 86_400;
    for (wall, mono) in [(-day, 1), (1, -3000), (-day, -3000), (day, 1)] {
        let mut scene = reset();
        scene.dumped(wall, mono, PANIC);
        let found = scene.is(RunEnding::MachineReset, Confidence::Possible);
        assert!(found.last_lines.is_empty(), "{wall} {mono}");
    }
}

#[test]
fn an_oops_that_the_kernel_survived_is_no_panic() {
    let mut scene = reset();
    scene.dumped(
        1,
        1,
        "BUG: kernel NULL pointer dereference, address: 0000000000000008",
    );
    scene.is(RunEnding::MachineReset, Confidence::Possible);
}

#[test]
fn a_panic_because_of_a_machine_check_is_the_hardwares() {
    let mut scene = reset();
    scene.dumped(1, 1, "Kernel panic - not syncing: Fatal machine check");
    let found = scene.is(RunEnding::HardwareError, Confidence::Certain);
    assert_eq!(found.class, Class::MachineResetHardwareError);
}

#[test]
fn a_panic_long_after_the_record_stopped_is_less_sure_to_be_what_stopped_it() {
    let mut scene = reset();
    scene.this.boot_time_s += 7200;
    scene.found.boots_since = Some(1);
    scene.dumped(1, 1, PANIC);
    scene.is(RunEnding::KernelPanic, Confidence::Certain);
    scene.found.dumps.clear();
    scene.dumped(130, 130, PANIC);
    scene.is(RunEnding::KernelPanic, Confidence::Likely);
    scene.found.dumps.clear();
    scene.dumped(3600, 3600, PANIC);
    scene.is(RunEnding::KernelPanic, Confidence::Possible);
}

#[test]
fn a_panic_in_the_log_of_that_very_boot_is_certain() {
    let mut scene = reset();
    scene.logged(0, "kernel", None, PANIC);
    scene.is(RunEnding::KernelPanic, Confidence::Certain);
}

#[test]
fn a_dump_of_memory_counts_by_its_time() {
    let mut scene = reset();
    scene.found.dumps.push(Dump {
        path: "/var/crash/202611231402/dump.202611231402".into(),
        wall_us: Some(LAST_WALL_US + s(7)),
        lines: Vec::new(),
        of_memory: true,
    });
    let found = scene.is(RunEnding::KernelPanic, Confidence::Likely);
    assert!(text(&found).contains("kdump: "));
}

#[test]
fn a_shutdown_in_the_log_of_that_boot_is_certain_and_says_who_asked() {
    let mut scene = reset();
    scene
        .logged(
            -40,
            "unattended-upgrade",
            Some(9),
            "unattended-upgrade: rebooting in a minute",
        )
        .logged(
            1,
            "systemd",
            Some(1),
            "Reached target reboot.target - System Reboot.",
        );
    let found = scene.is(RunEnding::OrderlyShutdown, Confidence::Certain);
    assert_eq!(found.class, Class::PlannedReboot);
    assert!(found.by.unwrap().contains("unattended-upgrade"));
}

#[test]
fn a_user_who_logs_out_is_no_shutdown() {
    let mut scene = reset();
    scene.logged(
        0,
        "systemd",
        Some(812),
        "Reached target shutdown.target - Shutdown.",
    );
    scene.is(RunEnding::MachineReset, Confidence::Likely);
}

#[test]
fn a_shutdown_record_counts_in_the_runs_own_boot_only() {
    let mut ours = reset();
    ours.wtmp(&[
        (WtmpKind::Boot, -3600),
        (WtmpKind::Shutdown, 2),
        (WtmpKind::Boot, 10),
    ]);
    ours.is(RunEnding::OrderlyShutdown, Confidence::Certain);
    let mut earlier = reset();
    earlier.wtmp(&[
        (WtmpKind::Shutdown, -3700),
        (WtmpKind::Boot, -3600),
        (WtmpKind::Boot, 10),
    ]);
    earlier.is(RunEnding::MachineReset, Confidence::Likely);
    let mut later = reset();
    later.this.boot_time_s += 1000;
    later.wtmp(&[
        (WtmpKind::Boot, -3600),
        (WtmpKind::Boot, 10),
        (WtmpKind::Shutdown, 900),
        (WtmpKind::Boot, 1020),
    ]);
    let found = later.is(RunEnding::MachineReset, Confidence::Likely);
    assert_eq!(found.restarts, Some(2));
}

#[test]
fn a_record_that_stops_long_before_the_shutdown_was_ended_by_something_else() {
    let mut scene = reset();
    scene.this.boot_time_s += 8000;
    scene.logged(
        7200,
        "systemd",
        Some(1),
        "Reached target reboot.target - System Reboot.",
    );
    let found = scene.is(RunEnding::SupervisorKilled, Confidence::Possible);
    assert_eq!(found.class, Class::Unknown);
    // Without samples nobody knows how long it had been over.
    scene.run.sample_hz = Some(0.0);
    scene.is(RunEnding::OrderlyShutdown, Confidence::Likely);
}

#[test]
fn a_machine_that_went_on_logging_did_not_end_the_run() {
    let mut scene = reset();
    scene.this.boot_time_s += 8000;
    scene.logged(3000, "cron", Some(300), "(root) CMD (true)");
    scene.is(RunEnding::SupervisorKilled, Confidence::Possible);
}

#[test]
fn an_oom_kill_of_the_supervisor_stands_whatever_came_later() {
    let mut scene = reset();
    scene
        .logged(
            1,
            "kernel",
            None,
            "Out of memory: Killed process 4711 (crashpoint) total-vm:8kB, anon-rss:1kB",
        )
        .logged(
            3000,
            "systemd",
            Some(1),
            "Reached target reboot.target - System Reboot.",
        );
    let found = scene.is(RunEnding::SupervisorKilled, Confidence::Certain);
    assert_eq!(found.class, Class::HostOomKernel);
}

#[test]
fn boots_that_follow_each_other_in_seconds_are_kept_apart() {
    // The boot before was shut down, or panicked, a second before this one began.
    let young = || {
        let mut scene = reset();
        scene.run.header.as_mut().unwrap().boot_time_s = LAST_WALL_US / 1_000_000 - 3;
        scene.run.last_mono_us = s(3);
        scene
    };
    let mut shut_down = young();
    shut_down.wtmp(&[(WtmpKind::Shutdown, -4)]);
    shut_down.is(RunEnding::MachineReset, Confidence::Possible);
    let mut panicked = young();
    panicked.found.dumps.push(Dump {
        path: "/sys/fs/pstore/dmesg-erst-1".into(),
        wall_us: Some(LAST_WALL_US - s(4)),
        lines: vec![format!("<0>[    4.000001] {PANIC}")],
        of_memory: false,
    });
    panicked.is(RunEnding::MachineReset, Confidence::Possible);
    // Of a boot after it, which nobody counted.
    let mut later = reset();
    later.this.boot_time_s += 30;
    later.dumped(25, 25, PANIC);
    later.is(RunEnding::KernelPanic, Confidence::Likely);
    let mut later = reset();
    later.this.boot_time_s += 30;
    later.wtmp(&[(WtmpKind::Shutdown, 25)]);
    later.is(RunEnding::OrderlyShutdown, Confidence::Likely);
    later.wtmp(&[
        (WtmpKind::Boot, 10),
        (WtmpKind::Shutdown, 25),
        (WtmpKind::Boot, 40),
    ]);
    later.is(RunEnding::MachineReset, Confidence::Likely);
}

const BERT: &str = "BERT: Error records from previous boot:";
const FATAL: &str = "[Hardware Error]: event severity: fatal";

/// That kernel's own start is in the log, so that it would show a routine record.
fn with_an_earlier_start() -> Scene {
    let mut scene = reset();
    scene
        .logged(-3599, "kernel", None, "Linux version 6.12.1")
        .logged(-1, "kernel", None, "perf: interrupt took too long");
    scene
}

#[test]
fn a_fatal_boot_error_record_is_a_hardware_error() {
    let mut scene = with_an_earlier_start();
    scene.booted(1, BERT).booted(1, FATAL);
    scene.is(RunEnding::HardwareError, Confidence::Likely);
}

#[test]
fn a_boot_error_record_may_be_routine() {
    // It was there at the boot before as well.
    let mut scene = with_an_earlier_start();
    scene.logged(-3598, "kernel", None, BERT);
    scene.booted(1, BERT).booted(1, FATAL);
    scene.is(RunEnding::MachineReset, Confidence::Likely);
    // It is of no fatal error.
    let mut scene = with_an_earlier_start();
    scene
        .booted(1, BERT)
        .booted(1, "[Hardware Error]: event severity: corrected");
    scene.is(RunEnding::MachineReset, Confidence::Likely);
    // Nobody knows what was there at the boot before.
    let mut scene = reset();
    scene.booted(1, BERT).booted(1, FATAL);
    scene.is(RunEnding::HardwareError, Confidence::Possible);
}

#[test]
fn a_bank_with_an_uncorrected_error_left_over_is_a_hardware_error() {
    let mut scene = reset();
    scene.booted(
        1,
        "mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 5: bea0000000000108",
    );
    scene.is(RunEnding::HardwareError, Confidence::Likely);
    let mut corrected = reset();
    corrected.booted(
        1,
        "mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 5: 9c20000000000108",
    );
    corrected.is(RunEnding::MachineReset, Confidence::Possible);
    let mut later = reset();
    later.booted(
        500,
        "mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 5: bea0000000000108",
    );
    later.is(RunEnding::MachineReset, Confidence::Possible);
}

#[test]
fn a_platforms_reason_is_taken_at_its_word() {
    for (reason, ending) in [
        (
            "an uncorrected error caused a data fabric sync flood event",
            RunEnding::HardwareError,
        ),
        ("hardware watchdog timer expired", RunEnding::Watchdog),
        (
            "internal CPU thermal limit was tripped",
            RunEnding::Overheated,
        ),
        (
            "software wrote 0x6 to reset control register 0xCF9",
            RunEnding::MachineReset,
        ),
        (
            "system failed to boot before failed boot timer expired",
            RunEnding::MachineReset,
        ),
    ] {
        let mut scene = reset();
        scene.booted(
            0,
            &format!("x86/amd: Previous system reset reason [0x08000800]: {reason}"),
        );
        assert_eq!(scene.decide().ended_by, ending, "{reason}");
    }
    let mut scene = reset();
    scene.found.reset_reasons.push(ResetReason {
        path: "/sys/devices/platform/x/power_on_reason".into(),
        text: "brown-out reset".into(),
    });
    scene.is(RunEnding::PowerFailure, Confidence::Likely);
}

fn dog(boot_status: u32) -> Watchdog {
    Watchdog {
        name: "watchdog0".into(),
        identity: "iTCO_wdt".into(),
        boot_status,
    }
}

#[test]
fn a_watchdog_that_says_so_reset_it() {
    let mut scene = reset();
    scene.found.watchdogs.push(dog(0x20));
    scene.is(RunEnding::Watchdog, Confidence::Likely);
    scene.found.watchdogs = vec![dog(0x8100)];
    scene.is(RunEnding::MachineReset, Confidence::Possible);
}

#[test]
fn what_a_reset_leaves_is_the_last_resets() {
    let mut scene = reset();
    scene.found.watchdogs.push(dog(0x20));
    scene.booted(
        1,
        "mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 5: bea0000000000108",
    );
    scene.this.boot_time_s += 90_000;
    // Nobody counted the boots in between.
    scene.is(RunEnding::HardwareError, Confidence::Possible);
    scene.found.boots_since = Some(2);
    scene.is(RunEnding::MachineReset, Confidence::Possible);
    scene.found.boots_since = Some(1);
    scene.is(RunEnding::HardwareError, Confidence::Likely);
}

#[test]
fn a_shutdown_in_order_stands_before_the_marks_that_hardware_leaves() {
    let mut scene = reset();
    scene.found.watchdogs.push(dog(0x20));
    scene.booted(1, BERT).booted(1, FATAL);
    scene.logged(
        1,
        "systemd-shutdown",
        Some(1),
        "Syncing filesystems and block devices.",
    );
    scene.is(RunEnding::OrderlyShutdown, Confidence::Certain);
}

#[test]
fn a_shutdown_because_of_heat_or_an_empty_battery_is_theirs() {
    let mut scene = reset();
    scene
        .logged(
            -2,
            "kernel",
            None,
            "thermal thermal_zone0: critical temperature reached (101 C), shutting down",
        )
        .logged(
            1,
            "systemd",
            Some(1),
            "Reached target poweroff.target - System Power Off.",
        );
    scene.is(RunEnding::Overheated, Confidence::Certain);
    let mut scene = reset();
    scene
        .logged(-20, "upsmon", Some(5), "UPS rack1@localhost on battery")
        .logged(
            1,
            "systemd",
            Some(1),
            "Reached target poweroff.target - System Power Off.",
        );
    scene.is(RunEnding::PowerFailure, Confidence::Likely);
    // A program that talks of power is no supply.
    let mut scene = reset();
    scene.logged(-2, "myapp", Some(77), "power supply failure simulated");
    scene.is(RunEnding::MachineReset, Confidence::Likely);
}

#[test]
fn the_firmwares_log_counts_at_the_time_of_the_death() {
    let event = |after_s: i64| PlatformEvent {
        wall_us: LAST_WALL_US.checked_add_signed(after_s * 1_000_000),
        text: "Power Supply PS1 | Failure detected | Asserted".into(),
    };
    let mut scene = reset();
    scene.found.platform_events.push(event(2));
    scene.is(RunEnding::PowerFailure, Confidence::Likely);
    scene.found.platform_events = vec![event(-86_400)];
    scene.is(RunEnding::MachineReset, Confidence::Possible);
}

#[test]
fn a_kernel_started_by_another_one_was_no_reset() {
    let mut scene = reset();
    scene.this.by_kexec = true;
    // The firmware's marks are as old as the firmware's last start.
    scene.found.watchdogs.push(dog(0x20));
    let found = scene.is(RunEnding::OrderlyShutdown, Confidence::Likely);
    assert_eq!(found.by.as_deref(), Some("kexec"));
    let mut crashed = reset();
    crashed.this.by_kexec = true;
    crashed.dumped(1, 1, PANIC);
    crashed.is(RunEnding::KernelPanic, Confidence::Certain);
}

#[test]
fn in_the_same_boot_the_supervisor_was_killed_by_somebody_unknown() {
    let found = killed().is(RunEnding::SupervisorKilled, Confidence::Certain);
    assert_eq!((found.class, found.by.clone()), (Class::Unknown, None));
    assert_eq!(found.restarts, Some(0));
    assert!(text(&found).contains("missing: who ended it"));
    // What a reset would have left behind is of no interest.
    let mut scene = killed();
    scene.found.watchdogs.push(dog(0x20));
    scene.dumped(1, 1, PANIC);
    scene.is(RunEnding::SupervisorKilled, Confidence::Certain);
}

#[test]
fn who_killed_the_supervisor_is_told_by_a_line_with_its_pid() {
    for (from, line, class) in [
        (
            "kernel",
            "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=/a,task_memcg=/a,task=crashpoint,pid=4711,uid=0",
            Class::HostOomCgroup,
        ),
        (
            "kernel",
            "crashpoint[4711]: segfault at 8 ip 0 sp 0 error 4",
            Class::Unknown,
        ),
        (
            "earlyoom",
            "sending SIGKILL to process 4711 uid 1000 \"crashpoint\": badness 900",
            Class::HostOomUserspace,
        ),
        (
            "systemd",
            "run.service: Killing process 4711 (crashpoint) with signal SIGKILL.",
            Class::KilledFromOutside,
        ),
    ] {
        let mut scene = killed();
        scene.logged(1, from, Some(1), line);
        let found = scene.is(RunEnding::SupervisorKilled, Confidence::Certain);
        assert_eq!(found.class, class, "{line}");
        assert!(found.by.is_some());
        for other in [line.replace("4711", "47110"), line.replace("4711", "711")] {
            let mut scene = killed();
            scene.logged(1, from, Some(1), &other);
            assert_eq!(scene.decide().by, None, "{other}");
        }
        // The number is another one's where the run was in a container.
        let mut scene = killed();
        scene.run.header.as_mut().unwrap().pid_namespace = "pid:[4026532000]".into();
        scene.logged(1, from, Some(1), line);
        assert_eq!(scene.decide().by, None, "{line}");
        // A process of that number died long before, or long after.
        for after_s in [-60, 3000] {
            let mut scene = killed();
            scene.logged(after_s, from, Some(1), line);
            assert_eq!(scene.decide().by, None, "{line} {after_s}");
        }
    }
}

#[test]
fn a_snapshot_that_was_restored_has_the_same_boot_and_an_earlier_clock() {
    let mut scene = killed();
    scene.this.boottime_us = LAST_MONO_US - s(600);
    let found = scene.is(RunEnding::SnapshotRestored, Confidence::Likely);
    assert!(found.ended_by.is_of_machine());
}

#[test]
fn sleep_shows_in_the_clocks_of_one_boot() {
    let mut scene = killed();
    assert_eq!(scene.decide().slept_seconds, None);
    scene.this.boottime_us += s(300);
    assert_eq!(scene.decide().slept_seconds, Some(300.0));
    scene.run.asleep_before_us = s(290);
    assert_eq!(scene.decide().slept_seconds, Some(10.0));
    // After another boot the samples tell.
    let mut scene = reset();
    assert_eq!(scene.decide().slept_seconds, None);
    scene.run.asleep_us = s(7);
    assert_eq!(scene.decide().slept_seconds, Some(7.0));
}

fn hints(lock: Lock) -> Hints {
    Hints {
        lock,
        shared: false,
        pid_namespace: "pid:[4026531836]".into(),
        start_ticks: None,
    }
}

#[test]
fn a_lock_that_is_held_means_that_it_runs_and_so_does_its_process() {
    let scene = killed();
    let header = scene.run.header.clone().unwrap();
    let of = |this: &ThisBoot, hints: &Hints| life(&scene.run, &header, this, hints);
    let runs = |life: &Life| matches!(life, Life::StillRunning(_));
    assert!(runs(&of(&scene.this, &hints(Lock::Held))));
    // Of whatever boot: another machine may hold it.
    assert!(runs(&of(&reset().this, &hints(Lock::Held))));
    let alive = Hints {
        start_ticks: Some(77),
        ..hints(Lock::Unknown)
    };
    assert!(runs(&of(&scene.this, &alive)));
    // Another process has its pid now.
    let reused = Hints {
        start_ticks: Some(78),
        ..hints(Lock::Free)
    };
    let sure = |life: Life| match life {
        Life::Gone { confidence, .. } => Some(confidence),
        _ => None,
    };
    assert_eq!(sure(of(&scene.this, &reused)), Some(Confidence::Certain));
    // The same number in another container, or after another boot, says nothing.
    let elsewhere = Hints {
        pid_namespace: "pid:[4026532000]".into(),
        start_ticks: Some(77),
        ..hints(Lock::Free)
    };
    assert_eq!(sure(of(&scene.this, &elsewhere)), Some(Confidence::Likely));
    // Where a lock proves nothing, only a long silence does.
    let unlocked = Hints {
        lock: Lock::Unknown,
        ..elsewhere
    };
    assert!(matches!(of(&scene.this, &unlocked), Life::Elsewhere(_)));
    let long_after = ThisBoot {
        wall_us: LAST_WALL_US + s(3600),
        ..scene.this.clone()
    };
    assert_eq!(sure(of(&long_after, &unlocked)), Some(Confidence::Possible));
    assert_eq!(sure(of(&reset().this, &alive)), Some(Confidence::Certain));
}

#[test]
fn a_record_written_while_this_machine_was_up_in_another_boot_is_another_machines() {
    let scene = reset();
    let header = scene.run.header.clone().unwrap();
    let long_up = ThisBoot {
        boot_time_s: (LAST_WALL_US - s(9000)) / 1_000_000,
        ..scene.this.clone()
    };
    let shared = Hints {
        shared: true,
        ..hints(Lock::Free)
    };
    let of = |this: &ThisBoot, hints: &Hints| life(&scene.run, &header, this, hints);
    assert!(matches!(of(&long_up, &shared), Life::Elsewhere(_)));
    // On a disk of its own it is the clock that was set.
    assert!(matches!(
        of(&long_up, &hints(Lock::Free)),
        Life::Gone { .. }
    ));
    assert!(matches!(of(&scene.this, &shared), Life::Gone { .. }));
    // Where both machines have a name, that decides.
    let named = |name: &str, this: &ThisBoot| ThisBoot {
        machine: Some(name.into()),
        ..this.clone()
    };
    let mut header = header;
    header.machine = Some("a1".into());
    let of = |this: &ThisBoot, hints: &Hints| life(&scene.run, &header, this, hints);
    let free = hints(Lock::Free);
    assert!(matches!(
        of(&named("a1", &scene.this), &shared),
        Life::Gone { .. }
    ));
    assert!(matches!(
        of(&named("a1", &long_up), &shared),
        Life::Elsewhere(_)
    ));
    assert!(matches!(
        of(&named("b2", &scene.this), &free),
        Life::Elsewhere(_)
    ));
}
