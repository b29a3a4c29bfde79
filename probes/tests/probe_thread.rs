//! The probe thread against real processes: this one, and probe processes of every bad kind.

#![allow(clippy::unwrap_used, reason = "a test's helpers are not seen as tests")]

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crashpoint_probes::gpu::Command;
use crashpoint_probes::{Config, ProbeThread};
use crashpoint_reports::Sample;

const LONG: Duration = Duration::from_secs(30);

fn start(script: Option<&str>) -> (ProbeThread, Receiver<Sample>) {
    let gpu = script.map(|script| Command {
        program: "/bin/sh".into(),
        args: ["-c", script].map(Into::into).to_vec(),
    });
    let (sender, samples) = channel();
    let sink = move |sample| drop(sender.send(sample));
    let probe = ProbeThread::start(Config { hz: 100.0, gpu }, sink, |_| {});
    (probe.unwrap(), samples)
}

/// The first sample that is as wanted.
fn sample_where(samples: &Receiver<Sample>, wanted: impl Fn(&Sample) -> bool) -> Sample {
    loop {
        let sample = samples.recv_timeout(LONG).unwrap();
        if wanted(&sample) {
            return sample;
        }
    }
}

fn own_pid() -> i32 {
    i32::try_from(std::process::id()).unwrap()
}

#[test]
fn samples_tell_of_the_machine_and_of_the_worker_while_it_is_watched() {
    let (probe, samples) = start(None);
    let first = samples.recv_timeout(LONG).unwrap();
    assert!(first.host.memory_available_bytes.is_some() && first.mono_us > 0 && first.wall_us > 0);
    assert_eq!((first.worker, first.gpu_silent_us), (None, None));

    probe.watch(own_pid());
    let watched = sample_where(&samples, |sample| sample.worker.is_some());
    assert!(watched.mono_us > first.mono_us);
    let worker = watched.worker.unwrap();
    assert_eq!(worker.pid, own_pid());
    assert!(worker.rss_bytes.is_some() && worker.threads >= Some(2) && worker.fds.is_some());
    assert!(probe.latest().is_some());

    probe.unwatch();
    sample_where(&samples, |sample| sample.worker.is_none());
    assert!(
        probe
            .facts(Duration::ZERO)
            .unwrap_err()
            .contains("switched off")
    );
    assert!(probe.stop());
    assert!(
        samples.into_iter().count() < 1000,
        "the sink was dropped with the thread"
    );
}

#[test]
fn borders_bring_the_pss() {
    let (probe, samples) = start(None);
    probe.watch(own_pid());
    probe.border();
    let pss = |sample: &Sample| sample.worker.as_ref().and_then(|worker| worker.pss_bytes);
    assert!(pss(&sample_where(&samples, |sample| pss(sample).is_some())).unwrap() > 0);
    // A later border brings another, long before it would come unasked.
    probe.border();
    sample_where(&samples, |sample| pss(sample).is_some());
    assert!(probe.stop());
}

#[test]
fn a_worker_that_dies_leaves_the_samples() {
    let (probe, samples) = start(None);
    let mut child = std::process::Command::new("cat")
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let pid = i32::try_from(child.id()).unwrap();
    probe.watch(pid);
    sample_where(&samples, |sample| {
        sample
            .worker
            .as_ref()
            .is_some_and(|worker| worker.pid == pid)
    });
    child.kill().unwrap();
    sample_where(&samples, |sample| sample.worker.is_none());
    child.wait().unwrap();
    assert!(probe.stop());
}

#[test]
fn a_silent_gpu_does_not_delay_the_samples() {
    // It answers about its facts, then never again.
    let script = r#"read -r _; echo '{"id":1,"facts":{"driver_version":"570","gpus":[{"index":0,"uuid":"GPU-x"}]}}'
                    read -r _; exec sleep 1000"#;
    let (probe, samples) = start(Some(script));
    assert_eq!(probe.facts(LONG).unwrap().gpus[0].uuid, "GPU-x");
    let silent = sample_where(&samples, |sample| sample.gpu_silent_us.is_some());
    let mut last = silent;
    for _ in 0..20 {
        let sample = samples.recv_timeout(LONG).unwrap();
        assert!(sample.gpu_silent_us > last.gpu_silent_us && sample.gpus.is_empty());
        assert!(sample.host.memory_available_bytes.is_some());
        last = sample;
    }
    assert!(
        probe.stop(),
        "a silent probe process must not keep the threads"
    );
}

#[test]
fn gpu_readings_reach_the_samples_and_the_worker_reaches_the_gpu() {
    let script = r#"n=0; while read -r line; do n=$((n+1)); case $line in
        *facts*) echo "{\"id\":$n,\"facts\":{}}";;
        *) pid=${line##*_pid\":}; pid=${pid%%[,\}]*}; test "$pid" = null && pid=0
           echo "{\"id\":$n,\"read\":[{\"index\":0,\"uuid\":\"GPU-x\",\"worker_memory_bytes\":$pid}]}";; esac; done"#;
    let (probe, samples) = start(Some(script));
    probe.watch(own_pid());
    let wanted = u64::from(std::process::id());
    let sample = sample_where(&samples, |sample| {
        sample
            .gpus
            .first()
            .is_some_and(|gpu| gpu.worker_memory_bytes == Some(wanted))
    });
    assert_eq!(sample.gpu_silent_us, None);
    assert!(probe.stop());
}

#[test]
fn an_absent_gpu_says_why_and_is_no_silence() {
    let (probe, samples) = start(Some(
        r#"read -r _; echo '{"id":1,"absent":{"because":"no driver"}}'; exec sleep 1000"#,
    ));
    assert_eq!(probe.facts(LONG), Err("no driver".to_owned()));
    let sample = samples.recv_timeout(LONG).unwrap();
    assert_eq!((sample.gpu_silent_us, sample.gpus.len()), (None, 0));
    assert!(probe.stop());
}

#[test]
fn facts_are_not_waited_for_beyond_the_bound() {
    let (probe, _samples) = start(Some("exec sleep 1000"));
    let because = probe.facts(Duration::from_millis(10)).unwrap_err();
    assert!(because.contains("has not answered"), "{because}");
    assert!(probe.stop());
}

#[test]
fn at_a_rate_of_zero_nothing_is_sampled_and_facts_still_come() {
    let gpu = Command {
        program: "/bin/sh".into(),
        args: [
            "-c",
            r#"read -r _; echo '{"id":1,"facts":{"driver_version":"570"}}'; read -r _"#,
        ]
        .map(Into::into)
        .to_vec(),
    };
    let config = Config {
        hz: 0.0,
        gpu: Some(gpu),
    };
    let probe = ProbeThread::start(config, |sample| panic!("{sample:?}"), |_| {}).unwrap();
    assert_eq!(
        probe.facts(LONG).unwrap().driver_version.as_deref(),
        Some("570")
    );
    assert!(probe.latest().is_none());
    assert!(probe.stop());
}
