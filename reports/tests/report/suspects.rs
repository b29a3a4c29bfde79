//! The differential: what a run says for and against the usual suspects.

use crashpoint_reports::event::Event;
use crashpoint_reports::gathered::{CgroupCounters, Gathered, KernelLog};
use crashpoint_reports::report::{Report, Suspect, SuspectFinding};
use crashpoint_reports::{Class, Confidence, Ending, EndingKind, GpuSample, Phase};

use crate::journal::{GIB, Journal, ladder_with_a_bad_fifth};

use SuspectFinding::{NotTested, RuledOut, Supported};

fn suspect<'a>(report: &'a Report, name: &str) -> &'a Suspect {
    report
        .differential
        .iter()
        .find(|it| it.suspect == name)
        .unwrap()
}

fn findings(journal: &Journal) -> Vec<(String, SuspectFinding)> {
    let report = journal.report();
    let named = |it: &Suspect| (it.suspect.clone(), it.finding);
    report.differential.iter().map(named).collect()
}

fn finding(journal: &Journal, name: &str) -> SuspectFinding {
    suspect(&journal.report(), name).finding
}

#[test]
fn where_nothing_died_nothing_was_tested_and_the_numbers_are_there() {
    let mut journal = Journal::of(&[]);
    journal.survivor(1, "fifth", &[1, 2, 3, 4, 5]);
    journal.run_end();
    assert_eq!(findings(&journal).len(), 11);
    for (name, finding) in findings(&journal) {
        assert_eq!(finding, NotTested, "{name}");
    }
    let report = journal.report();
    assert_eq!(
        suspect(&report, "host_memory").numbers["memory_available_min_share"],
        0.75
    );
}

#[test]
fn an_image_that_dies_alone_while_others_survive_alone_is_the_suspect() {
    let journal = ladder_with_a_bad_fifth();
    assert_eq!(finding(&journal, "this_image"), Supported);
    assert_eq!(finding(&journal, "accumulation"), RuledOut);
}

#[test]
fn an_image_that_dies_after_others_and_survives_alone_is_not() {
    let mut journal = Journal::of(&[]);
    journal.survivor(1, "each-alone/5", &[5]);
    journal.death(2, "fifth", &[1, 2, 3, 4, 5]);
    assert_eq!(finding(&journal, "this_image"), RuledOut);
    assert_eq!(finding(&journal, "accumulation"), Supported);
}

#[test]
fn the_very_first_image_that_dies_says_nothing_about_which_images_do() {
    let mut journal = Journal::of(&[]);
    journal.death(1, "single", &[1]);
    assert_eq!(finding(&journal, "this_image"), NotTested);
    assert_eq!(finding(&journal, "accumulation"), RuledOut);
}

#[test]
fn an_image_that_dies_alone_sometimes_decides_nothing() {
    let mut journal = Journal::of(&[]);
    journal.survivor(1, "each-alone/5", &[5]);
    journal.death(2, "fifth-alone", &[5]);
    assert_eq!(finding(&journal, "this_image"), NotTested);
}

#[test]
fn before_any_image_it_was_neither_an_image_nor_many() {
    let mut journal = Journal::of(&[]);
    journal.start(1, "single");
    journal.hello(1);
    journal.begin(1, Phase::Load, None);
    journal.end(1, crate::journal::signal(11));
    assert_eq!(finding(&journal, "this_image"), RuledOut);
    assert_eq!(finding(&journal, "accumulation"), RuledOut);
}

#[test]
fn host_memory_is_ruled_out_only_while_there_was_enough_up_to_the_end() {
    let mut enough = Journal::of(&[]);
    enough.death(1, "fifth", &[1]);
    let report = enough.report();
    let found = suspect(&report, "host_memory");
    assert_eq!(found.finding, RuledOut);
    assert!(found.because.contains("75%"), "{}", found.because);

    let with_last_sample = |change: fn(&mut crashpoint_reports::Sample), wait_us: u64| {
        let mut journal = Journal::of(&[]);
        journal.worker(1, "single");
        journal.begin(1, Phase::Preprocess, Journal::at(1, 1));
        let mut sample = journal.a_sample(1);
        change(&mut sample);
        journal.push(Event::Samples(vec![sample]));
        journal.wait(wait_us);
        journal.end(1, crate::journal::signal(9));
        finding(&journal, "host_memory")
    };
    assert_eq!(with_last_sample(|_| (), 0), RuledOut);
    assert_eq!(
        with_last_sample(|it| it.host.memory_available_bytes = Some(GIB), 0),
        NotTested
    );
    let full_group = |it: &mut crashpoint_reports::Sample| {
        it.host.cgroup_memory_bytes = Some(95);
        it.host.cgroup_memory_limit_bytes = Some(100);
    };
    assert_eq!(with_last_sample(full_group, 0), NotTested);
    // Memory can be gone in the seconds that nobody looked.
    assert_eq!(with_last_sample(|_| (), 5_000_000), NotTested);
    assert_eq!(
        with_last_sample(|it| it.host.memory_available_bytes = None, 0),
        NotTested
    );
}

fn on_a_gpu(change: impl Fn(&mut GpuSample), ending: Ending) -> Journal {
    let mut journal = Journal::empty();
    journal.header("boot-a");
    journal.plan.settings.device = Some("cuda:0".into());
    let plan = journal.plan.clone();
    journal.push(Event::Plan(plan));
    journal.worker(1, "single");
    journal.begin(1, Phase::Decode, Journal::at(1, 1));
    let mut sample = journal.a_sample(1);
    let mut gpu = GpuSample {
        index: 0,
        uuid: "GPU-1".into(),
        memory_used_bytes: Some(8 * GIB),
        memory_total_bytes: Some(24 * GIB),
        celsius: Some(61),
        power_milliwatts: Some(310_000),
        ..GpuSample::default()
    };
    change(&mut gpu);
    sample.gpus.push(gpu);
    journal.push(Event::Samples(vec![sample]));
    journal.end(1, ending);
    journal
}

#[test]
fn gpu_memory_is_ruled_out_by_its_peak_and_named_with_it() {
    let roomy = on_a_gpu(|_| (), crate::journal::signal(11));
    let report = roomy.report();
    let found = suspect(&report, "gpu_memory");
    assert_eq!(found.finding, RuledOut);
    assert!(found.because.contains("8.00 GiB of 24.00 GiB (33.3%)"));
    let full = on_a_gpu(
        |gpu| gpu.memory_used_bytes = Some(23 * GIB),
        crate::journal::signal(11),
    );
    assert_eq!(finding(&full, "gpu_memory"), NotTested);
}

#[test]
fn heat_and_power_are_supported_by_what_the_gpu_itself_says() {
    let hot = on_a_gpu(
        |gpu| gpu.throttle_reasons = Some(0x40),
        crate::journal::signal(11),
    );
    assert_eq!(finding(&hot, "temperature"), Supported);
    let braked = on_a_gpu(
        |gpu| gpu.throttle_reasons = Some(0x80),
        crate::journal::signal(11),
    );
    assert_eq!(finding(&braked, "power"), Supported);
    // The cap at full load is normal.
    let capped = on_a_gpu(
        |gpu| gpu.throttle_reasons = Some(0x4),
        crate::journal::signal(11),
    );
    assert_eq!(finding(&capped, "power"), NotTested);
    assert_eq!(finding(&capped, "temperature"), RuledOut);
}

#[test]
fn when_the_machine_went_away_no_sensor_rules_anything_out() {
    let gone = on_a_gpu(|_| (), Ending::of(EndingKind::MachineGone));
    for name in [
        "gpu_memory",
        "host_memory",
        "temperature",
        "power",
        "driver",
    ] {
        assert_eq!(finding(&gone, name), NotTested, "{name}");
    }
}

#[test]
fn time_is_ruled_out_by_a_worker_that_lived_longer() {
    let mut journal = Journal::of(&[]);
    journal.survivor(1, "long", &[1, 2, 3, 4, 5, 6]);
    journal.death(2, "fifth", &[1, 2]);
    assert_eq!(finding(&journal, "time"), RuledOut);
    let mut alone = Journal::of(&[]);
    alone.survivor(1, "single", &[1]);
    alone.death(2, "fifth", &[1, 2, 3]);
    assert_eq!(finding(&alone, "time"), NotTested);
}

#[test]
fn a_verdict_on_the_configuration_supports_it() {
    let mut journal = Journal::fifth();
    journal.error(1, Some(crashpoint_reports::Class::ConfigDtype), false);
    journal.end(1, crate::journal::exit(1));
    assert_eq!(finding(&journal, "configuration"), Supported);
    assert_eq!(finding(&journal, "environment"), NotTested);
}

fn gathered(change: impl Fn(&mut Gathered), ending: Ending) -> Report {
    let mut journal = Journal::of(&[]);
    journal.worker(1, "single");
    journal.begin(1, Phase::Decode, Journal::at(1, 1));
    let sample = journal.a_sample(1);
    journal.push(Event::Samples(vec![sample]));
    journal.end(1, ending);
    let mut gathered = Gathered {
        attempt: 1,
        ..Gathered::default()
    };
    change(&mut gathered);
    journal.push(Event::Gathered(Box::new(gathered)));
    journal.report()
}

fn group(oom_kills: u64) -> CgroupCounters {
    CgroupCounters {
        version: 2,
        path: "/runs/1".into(),
        own: true,
        memory_limit_bytes: Some(GIB),
        memory_peak_bytes: Some(GIB),
        limit_hits: Some(7),
        oom_kills: Some(oom_kills),
        ..CgroupCounters::default()
    }
}

#[test]
fn a_kill_that_its_own_control_group_counted_is_proven() {
    let report = gathered(|it| it.cgroup = Some(group(1)), crate::journal::signal(9));
    let verdict = report.cases[0].attempts[0].verdict.clone().unwrap();
    assert_eq!(
        (verdict.class, verdict.confidence),
        (Class::HostOomCgroup, Confidence::Certain)
    );
    let found = suspect(&report, "host_memory");
    assert_eq!(found.finding, Supported);
    assert_eq!(found.numbers["cgroup_oom_kills"], 1);
}

#[test]
fn a_control_group_that_counted_no_kill_rules_one_out() {
    let report = gathered(|it| it.cgroup = Some(group(0)), crate::journal::signal(9));
    let verdict = report.cases[0].attempts[0].verdict.clone().unwrap();
    assert_eq!(verdict.class, Class::Unknown);
    assert!(
        verdict
            .ruled_out
            .iter()
            .any(|it| it.class == Class::HostOomCgroup)
    );
    let found = suspect(&report, "host_memory");
    assert_eq!(found.finding, RuledOut);
    assert!(
        found.because.contains("counted no OOM kill"),
        "{}",
        found.because
    );
}

#[test]
fn an_xid_in_the_kernel_log_speaks_of_the_hardware_and_none_rules_nothing_out() {
    let log = |lines: &[&str]| KernelLog {
        source: "/dev/kmsg".into(),
        lines: lines.iter().map(|&line| line.to_owned()).collect(),
        ..KernelLog::default()
    };
    let report = gathered(
        |it| {
            it.kernel_log = Some(log(&[
                "[  9.000001] NVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus.",
            ]));
        },
        crate::journal::signal(6),
    );
    let found = suspect(&report, "gpu_hardware");
    assert_eq!(found.finding, Supported);
    assert_eq!(found.numbers["xids"], serde_json::json!([79]));
    let quiet = gathered(
        |it| it.kernel_log = Some(log(&[])),
        crate::journal::signal(6),
    );
    assert_eq!(suspect(&quiet, "gpu_hardware").finding, NotTested);
    assert_eq!(suspect(&quiet, "driver").finding, NotTested);
}

#[test]
fn a_machine_that_went_away_leaves_experiments_and_a_segfault_none() {
    let gone = on_a_gpu(|_| (), Ending::of(EndingKind::MachineGone)).report();
    let power = &suspect(&gone, "power").experiments;
    let commands = power[0].commands.join("\n");
    // No limit was known, and none is made up.
    assert!(commands.contains("sudo nvidia-smi -i 0 -pl WATTS"));
    assert!(commands.contains("crashpoint run"));
    assert_eq!(
        power[1].commands,
        ["crashpoint run burn --device cuda:0 --burn 10m"]
    );
    assert!(!suspect(&gone, "gpu_hardware").experiments.is_empty());
    assert!(suspect(&gone, "host_memory").experiments.is_empty());
    let page = crashpoint_reports::render::markdown(&gone);
    assert!(page.contains("What would decide on power"), "{page}");
    let crashed = on_a_gpu(|_| (), crate::journal::signal(11)).report();
    for suspect in &crashed.differential {
        assert!(suspect.experiments.is_empty(), "{}", suspect.suspect);
    }
}

#[test]
fn the_lowered_limit_is_worked_out_from_the_one_in_force() {
    let mut journal = on_a_gpu(|_| (), Ending::of(EndingKind::MachineGone));
    let mut environment = crashpoint_reports::Environment::default();
    environment
        .gpu
        .gpus
        .push(crashpoint_reports::environment::Gpu {
            power_limit_milliwatts: Some(350_000),
            ..Default::default()
        });
    journal.push(Event::Environment(Box::new(environment)));
    let report = journal.report();
    let commands = &suspect(&report, "power").experiments[0].commands;
    assert_eq!(commands[1], "sudo nvidia-smi -i 0 -pl 245");
    assert_eq!(commands[3], "sudo nvidia-smi -i 0 -pl 350");
}
