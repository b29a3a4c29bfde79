//! The GPU's side, on machines that have none: runs that a scripted NVML watches.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::path::PathBuf;
use std::process::{Child, Stdio};

use serde_json::Value;
use support::{Place, Ran, eventually, records};

/// What every test's GPU can do unless the test says otherwise.
const USUAL: &str = r#"
name = "NVIDIA Fake 24GB"
vbios = "94.02.26.08.1C"
compute_capability = [8, 6]
memory_total_mib = 24576
memory_used_mib = 6000
memory_reserved_mib = 400
power_milliwatts = 320000
power_limit_milliwatts = 350000
power_limit_enforced_milliwatts = 340000
power_limit_default_milliwatts = 350000
power_limit_milliwatts_from = 100000
power_limit_milliwatts_to = 366000
celsius = 61
celsius_shutdown = 98
celsius_slowdown = 95
celsius_max_operating = 93
utilization_percent = 97
memory_utilization_percent = 40
sm_clock_mhz = 1695
memory_clock_mhz = 9501
sm_clock_max_mhz = 2100
memory_clock_max_mhz = 9751
throttle_reasons = 0
performance_state = 2
fans = 1
fan_percent = 55
pcie_generation = 4
pcie_generation_max = 4
pcie_width = 16
pcie_width_max = 16
pcie_replays = 0
ecc = true
ecc_corrected_volatile = 0
ecc_corrected_aggregate = 3
ecc_uncorrected_volatile = 0
ecc_uncorrected_aggregate = 0
persistence = true
mig = false
"#;

/// A GPU for a script; what `more` names is as it says there.
fn gpu(index: u32, more: &str) -> String {
    let key = |line: &str| line.split_once(" = ").map(|(key, _)| key.to_owned());
    let named: Vec<String> = more.lines().filter_map(key).collect();
    let usual = USUAL
        .lines()
        .filter(|line| key(line).is_none_or(|key| !named.contains(&key)));
    let usual = usual.collect::<Vec<_>>().join("\n");
    format!(
        "[[gpu]]\nuuid = \"GPU-{index}\"\npci = \"00000000:{:02x}:00.0\"{usual}\n{more}\n",
        index + 1
    )
}

/// Runs a shell script in a place whose NVML answers by another.
struct Scripted {
    place: Place,
    nvml: String,
}

impl Scripted {
    fn new(nvml: &str) -> Scripted {
        Scripted {
            place: Place::new(),
            nvml: nvml.to_owned(),
        }
    }

    fn start(&self, arguments: &[&str]) -> Child {
        self.place
            .scripted(&self.nvml, arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// A program that does `first`, and ends once the file `enough` is there.
    fn exec(&self, first: &str) -> Child {
        let script = format!("{first}; until [ -e enough ]; do sleep 0.01; done");
        self.start(&["exec", "--quiet", "--", "sh", "-c", &script])
    }

    /// Lets the program go on once the journal has what it is about.
    fn until<T>(&self, what: &str, look: impl Fn(&[Value]) -> Option<T>) -> T {
        let found = eventually(what, || look(&records(&self.place)));
        self.place.write("enough", "");
        found
    }

    fn end(&self, child: Child) -> Ran {
        self.place.ran(child)
    }
}

/// The columns of a GPU in every block of samples, in order.
fn columns(records: &[Value], uuid: &str) -> Vec<Value> {
    let blocks = records
        .iter()
        .filter_map(|record| record["event"]["sample_block"]["gpus"].as_array());
    blocks
        .flatten()
        .filter(|gpu| gpu["uuid"] == uuid)
        .map(|gpu| gpu["columns"].clone())
        .collect()
}

#[test]
fn samples_hold_what_nvml_says_of_each_gpu_and_of_the_worker() {
    let first = gpu(0, "[[gpu.process]]\npid_file = \"pid\"\nused_mib = 5000");
    let second = gpu(
        1,
        "name = \"NVIDIA Other\"\nmemory_used_mib = 10\nsm_clock_mhz = 210",
    );
    let run = Scripted::new(&format!("{first}{second}"));
    let child = run.exec("echo $$ > pid");
    let (first, second) = run.until("samples of both GPUs", |records| {
        let worker = |columns: &Value| !columns["worker_memory_64kib"].is_null();
        let first = columns(records, "GPU-0").into_iter().rfind(worker)?;
        Some((first, columns(records, "GPU-1").pop()?))
    });
    run.end(child).exits(0);
    for (name, value) in [
        ("memory_used_64kib", 6000 * 16),
        ("memory_total_64kib", 24576 * 16),
        ("memory_driver_64kib", 400 * 16),
        ("power_100mw", 3200),
        ("celsius", 61),
        ("utilization_percent", 97),
        ("sm_clock_mhz", 1695),
        ("memory_clock_mhz", 9501),
        ("throttle_reasons", 0),
    ] {
        assert!(holds(&first[name], value), "{name}: {first}");
    }
    assert!(holds(&first["worker_memory_64kib"], 5000 * 16), "{first}");
    assert!(holds(&second["memory_used_64kib"], 10 * 16), "{second}");
    assert!(second["worker_memory_64kib"].is_null(), "{second}");

    let all = records(&run.place);
    let facts = all
        .iter()
        .find_map(|record| record["event"]["environment"]["gpu"].as_object());
    let facts = facts.unwrap();
    assert_eq!(facts["driver_version"], "570.124.06");
    assert_eq!(facts["cuda_version"], "12.8");
    let gpus = &facts["gpus"];
    assert_eq!(gpus[0]["name"], "NVIDIA Fake 24GB");
    assert_eq!(gpus[0]["compute_capability"], "8.6");
    assert_eq!(gpus[1]["pci"], "00000000:02:00.0");
}

/// The values of a column, in whichever of its three forms it is.
fn values(column: &Value) -> Vec<i64> {
    if let Some(differences) = column.as_array() {
        let steps = differences.iter().filter_map(Value::as_i64);
        let sum = |sum: &mut i64, step: i64| {
            *sum += step;
            Some(*sum)
        };
        return steps.scan(0, sum).collect();
    }
    let changes = column["is"].as_array().into_iter().flatten();
    let all = changes.chain([column]);
    all.filter_map(Value::as_i64).collect()
}

fn holds(column: &Value, value: i64) -> bool {
    values(column).contains(&value)
}

/// A silence that is worth a finding, in milliseconds.
fn is_long(silent_ms: i64) -> bool {
    silent_ms >= 3000
}

#[test]
fn a_driver_that_was_updated_without_a_restart_is_told_in_one_sentence() {
    let run = Scripted::new(&format!(
        "init = \"lib_rm_version_mismatch\"\n{}",
        gpu(0, "")
    ));
    run.end(run.start(&["exec", "--quiet", "--", "true"]))
        .exits(0);
    let because = absent_because(&run);
    assert!(because.contains("of different versions"), "{because}");
    assert!(!because.contains('\n'), "{because}");
}

/// Why the record has no GPU.
fn absent_because(run: &Scripted) -> String {
    let records = records(&run.place);
    let environments = records.iter().map(|record| &record["event"]["environment"]);
    let because =
        |environment: &Value| Some(environment["gpu_absent_because"].as_str()?.to_owned());
    environments.filter_map(because).next_back().unwrap()
}

#[test]
fn a_library_that_is_not_there_is_named() {
    let run = Scripted::new("");
    let mut command = run.place.command(&["exec", "--quiet", "--", "true"]);
    command.env("CRASHPOINT_NVML", "/no/such/libnvidia-ml.so");
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    run.end(child).exits(0);
    let because = absent_because(&run);
    assert!(because.contains("/no/such/libnvidia-ml.so"), "{because}");
    assert!(because.contains("CRASHPOINT_NVML"), "{because}");
}

/// The findings of a report that are about this GPU.
fn findings(report: &Value, gpu: &str) -> Vec<Value> {
    let all = report["findings"].as_array().unwrap().iter();
    let about = |finding: &&Value| finding["what"].as_str().unwrap().starts_with(gpu);
    all.filter(about).cloned().collect()
}

#[track_caller]
fn only(mut findings: Vec<Value>) -> Value {
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings.remove(0)
}

/// What was told of a GPU under this name, in order.
fn told(records: &[Value], uuid: &str, name: &str) -> Vec<Value> {
    let news = records.iter().map(|record| &record["event"]["gpu"]);
    news.filter(|news| news["uuid"] == uuid && !news["told"][name].is_null())
        .map(|news| news["told"][name].clone())
        .collect()
}

#[test]
fn what_does_not_change_is_in_the_environment() {
    let mig = gpu(1, "mig = true\necc = false");
    let run = Scripted::new(&format!("{}{mig}", gpu(0, "[gpu.fields]\n91 = 4")));
    let ran = run.end(run.start(&["exec", "--quiet", "--", "true"]));
    let report = ran.exits(0).report();
    let gpus = &report["environment"]["gpu"]["gpus"];
    for (name, value) in [
        ("power_limit_milliwatts", 340_000),
        ("power_limit_set_milliwatts", 350_000),
        ("power_limit_default_milliwatts", 350_000),
        ("power_limit_least_milliwatts", 100_000),
        ("power_limit_most_milliwatts", 366_000),
        ("slowdown_celsius", 95),
        ("shutdown_celsius", 98),
        ("max_operating_celsius", 93),
        ("sm_clock_max_mhz", 2100),
        ("memory_clock_max_mhz", 9751),
        ("pcie_generation_max", 4),
        ("pcie_width_max", 16),
        ("nvlinks", 4),
    ] {
        assert_eq!(gpus[0][name], value, "{name}");
    }
    assert_eq!(gpus[0]["vbios"], "94.02.26.08.1C");
    assert!(gpus[0]["memory_max_operating_celsius"].is_null());
    assert_eq!([&gpus[0]["ecc"], &gpus[0]["mig"]], [true, false]);
    assert_eq!([&gpus[1]["ecc"], &gpus[1]["mig"]], [false, true]);
    assert_eq!(gpus[0]["persistence"], true);
}

#[test]
fn an_xid_that_only_nvml_tells_is_a_finding_with_its_meaning_and_its_gpu() {
    let xid = "[[xid]]\ngpu = 1\nnumber = 48\nwhen = \"fault\"\n";
    let run = Scripted::new(&format!("{}{}{xid}", gpu(0, ""), gpu(1, "")));
    let child = run.exec("touch fault");
    run.until("the Xid", |records| told(records, "GPU-1", "xid").pop());
    let report = run.end(child).exits(10).report();
    assert!(findings(&report, "GPU 0").is_empty());
    let finding = only(findings(&report, "GPU 1"));
    let what = finding["what"].as_str().unwrap();
    assert!(what.contains("Xid 48 (Double-bit"), "{what}");
    assert!(what.contains("in phase run"), "{what}");
    assert_eq!(finding["verdict"]["class"], "gpu_ecc_error");
    assert_eq!(finding["verdict"]["confidence"], "likely");
    assert_eq!(finding["verdict"]["evidence"][0]["source"], "nvml");
    assert_eq!(report["gpus"][1]["xids"][0]["xid"], 48);
}

#[test]
fn an_xid_before_a_death_is_its_reason() {
    let xid = "[[xid]]\nnumber = 79\nwhen = \"fault\"\n";
    let run = Scripted::new(&format!("{}{xid}", gpu(0, "")));
    let child = run.exec("trap 'exit 1' EXIT; touch fault");
    run.until("the Xid", |records| told(records, "GPU-0", "xid").pop());
    let report = run.end(child).exits(10).report();
    let attempt = support::attempts(&report)[0];
    assert_eq!(attempt["verdict"]["class"], "gpu_fell_off_bus");
    let evidence = attempt["verdict"]["evidence"].as_array().unwrap();
    let told = evidence.iter().find(|it| it["source"] == "nvml").unwrap();
    assert!(
        told["text"].as_str().unwrap().contains("79, GPU 0"),
        "{told}"
    );
}

#[test]
fn a_gpu_that_is_lost_is_a_finding_and_the_other_is_read_on() {
    let lost = gpu(
        0,
        "[[gpu.instead]]\ncall = \"*\"\nanswer = \"gpu_is_lost\"\nwhen = \"lost\"",
    );
    let run = Scripted::new(&format!("{lost}{}", gpu(1, "")));
    let child = run.exec("touch lost");
    run.until("samples that say so", |records| {
        let blocks = records.iter().flat_map(|record| {
            let gpus = record["event"]["sample_block"]["gpus"].as_array();
            gpus.into_iter().flatten()
        });
        let said = |gpu: &Value| gpu["findings"].to_string().contains("gpu_is_lost");
        let lost = blocks.clone().position(said)?;
        let other = blocks.skip(lost).find(|gpu| gpu["uuid"] == "GPU-1")?;
        (!other["columns"]["celsius"].is_null()).then_some(())
    });
    let report = run.end(child).exits(10).report();
    let finding = only(findings(&report, "GPU 0"));
    assert!(finding["what"].as_str().unwrap().contains("is lost"));
    assert_eq!(finding["verdict"]["class"], "gpu_fell_off_bus");
    assert!(findings(&report, "GPU 1").is_empty());
}

#[test]
fn a_call_that_hangs_silences_its_own_gpu_and_nothing_else() {
    let call = "nvmlDeviceGetPowerUsage";
    let hang = format!("[[gpu.instead]]\ncall = \"{call}\"\nanswer = \"hang\"\nwhen = \"hang\"");
    let run = Scripted::new(&format!("{}{}", gpu(0, &hang), gpu(1, "")));
    let child = run.exec("touch hang");
    run.until("the other GPU's samples after it", |records| {
        let block = records.iter().rfind(|record| {
            let of_it = columns(std::slice::from_ref(record), "GPU-0");
            let mut silent = of_it.iter().flat_map(|it| values(&it["silent_ms"]));
            silent.any(is_long)
        })?;
        let other = columns(std::slice::from_ref(block), "GPU-1");
        other.iter().find(|it| !it["celsius"].is_null()).map(drop)
    });
    let report = run.end(child).exits(10).report();
    let finding = only(findings(&report, "GPU 0"));
    let what = finding["what"].as_str().unwrap();
    assert!(what.contains("did not answer for"), "{what}");
    assert!(what.contains(call), "{what}");
    assert!(findings(&report, "GPU 1").is_empty());
    assert!(
        report["gpus"][0]["longest_silence_seconds"]
            .as_f64()
            .unwrap()
            >= 3.0
    );
    // The hang is no trouble of the run: what was watched ended by itself.
    assert_eq!(support::attempts(&report)[0]["outcome"], "survived");
}

#[test]
fn a_gpu_that_hangs_from_the_beginning_has_its_index_and_the_other_is_described() {
    let hang = gpu(0, "[[gpu.instead]]\ncall = \"*\"\nanswer = \"hang\"");
    let run = Scripted::new(&format!("{hang}{}", gpu(1, "")));
    let child = run.exec("true");
    run.until("a long silence, and a sample of the other", |records| {
        let mut blocks = records.iter().flat_map(|record| {
            let gpus = record["event"]["sample_block"]["gpus"].as_array();
            gpus.into_iter().flatten()
        });
        let silent = |gpu: &&Value| {
            gpu["uuid"] != "GPU-1"
                && values(&gpu["columns"]["silent_ms"])
                    .iter()
                    .any(|&ms| is_long(ms))
        };
        blocks.find(silent)?;
        let later = columns(records, "GPU-1");
        later.into_iter().find(|it| !it["celsius"].is_null())
    });
    let report = run.end(child).exits(10).report();
    let gpus = &report["environment"]["gpu"]["gpus"];
    assert!(gpus[0]["name"].is_null());
    assert_eq!(gpus[1]["name"], "NVIDIA Fake 24GB");
    let finding = only(findings(&report, "GPU 0"));
    let what = finding["what"].as_str().unwrap();
    assert!(what.contains("nvmlDeviceGetHandleByIndex"), "{what}");
}

#[test]
fn a_library_that_takes_its_process_down_takes_nothing_else() {
    let crash =
        "[[gpu.instead]]\ncall = \"nvmlDeviceGetPowerUsage\"\nanswer = \"crash\"\nwhen = \"crash\"";
    let run = Scripted::new(&gpu(0, crash));
    let child = run.exec("true");
    run.until("samples of a probe that is silent for long", |records| {
        let blocks = records
            .iter()
            .map(|record| &record["event"]["sample_block"]);
        if blocks.clone().any(|block| !block["gpus"].is_null()) {
            run.place.write("crash", "");
        }
        let mut silent = blocks.flat_map(|block| values(&block["columns"]["gpu_silent_ms"]));
        silent.any(is_long).then_some(())
    });
    let report = run.end(child).exits(10).report();
    let finding = only(findings(&report, "the GPU probe"));
    assert_eq!(finding["verdict"]["class"], "unknown");
    assert_eq!(support::attempts(&report)[0]["outcome"], "survived");
}

#[test]
fn a_driver_that_never_starts_keeps_nothing_from_running() {
    let run = Scripted::new(&format!("init = \"hang\"\n{}", gpu(0, "")));
    let ran = run.end(run.start(&["exec", "--quiet", "--", "true"]));
    let report = ran.exits(0).report();
    let because = report["environment"]["gpu_absent_because"]
        .as_str()
        .unwrap();
    assert!(because.contains("has not answered"), "{because}");
}

#[test]
fn heat_that_slows_a_gpu_down_is_a_finding_with_its_share_and_its_phase() {
    // One by heat, one by the limit of its power, which is its everyday work.
    let hot = gpu(0, "throttle_reasons = 0x48\ncelsius = 97");
    let run = Scripted::new(&format!("{hot}{}", gpu(1, "throttle_reasons = 0x4")));
    let arguments = ["run", "single", "--quiet", "--sample-hz", "100"];
    let report = run.end(run.start(&arguments)).exits(10).report();
    let finding = only(findings(&report, "GPU 0"));
    let what = finding["what"].as_str().unwrap();
    assert!(what.contains("in 100% of its samples"), "{what}");
    assert!(
        what.contains("hw_thermal_slowdown, 97 °C at most"),
        "{what}"
    );
    assert!(what.contains("first seen in phase"), "{what}");
    assert_eq!(finding["case"], "single");
    assert!(findings(&report, "GPU 1").is_empty());
    let reasons = &report["gpus"][1]["throttled"][0];
    assert_eq!(reasons["reason"], "sw_power_cap");
    assert_eq!(reasons["share"], 1.0);
}

#[test]
fn ecc_errors_that_are_counted_during_the_run_are_a_finding() {
    let ecc = "ecc_uncorrected_volatile = { before = 1, after = 3, when = \"fault\" }";
    let remap = "[gpu.fields]\n144 = { before = 0, after = 1, when = \"fault\" }";
    // What was there before the run is none of its doing.
    let before = gpu(1, "ecc_uncorrected_volatile = 7\n[gpu.fields]\n145 = 1");
    let run = Scripted::new(&format!("{}{before}", gpu(0, &format!("{ecc}\n{remap}"))));
    let child = run.exec("true");
    run.until("the counters as they are at first", |records| {
        let first = told(records, "GPU-0", "counters").pop()?;
        assert_eq!(first["ecc_uncorrected_volatile"], 1);
        run.place.write("fault", "");
        Some(())
    });
    let report = run.end(child).exits(10).report();
    let found = findings(&report, "GPU 0");
    let what: Vec<&str> = found
        .iter()
        .map(|it| it["what"].as_str().unwrap())
        .collect();
    assert_eq!(what.len(), 2, "{what:?}");
    assert!(what[0].contains("2 more ECC errors"), "{what:?}");
    assert!(what[1].contains("at the next reset"), "{what:?}");
    assert_eq!(found[0]["verdict"]["class"], "gpu_ecc_error");
    let old = only(findings(&report, "GPU 1"));
    let old = old["what"].as_str().unwrap();
    assert!(old.contains("since before the run"), "{old}");
    let counters = &report["gpus"][0];
    assert_eq!(counters["counters_first"]["ecc_uncorrected_volatile"], 1);
    assert_eq!(counters["counters_last"]["ecc_uncorrected_volatile"], 3);
    let page = std::fs::read_to_string(ran_page(&run)).unwrap();
    assert!(
        page.contains("ECC errors not corrected: 1, then 3"),
        "{page}"
    );
}

#[test]
fn what_the_driver_wants_done_with_a_gpu_is_a_finding() {
    let wanted = "[gpu.fields]\n230 = { before = 0, after = 4, when = \"fault\" }";
    let run = Scripted::new(&format!("{}{}", gpu(0, wanted), gpu(1, "")));
    let child = run.exec("true");
    run.until("the counters as they are at first", |records| {
        let first = told(records, "GPU-0", "counters").pop()?;
        assert_eq!(first["recovery_action"], 0);
        run.place.write("fault", "");
        Some(())
    });
    let report = run.end(child).exits(10).report();
    let finding = only(findings(&report, "GPU 0"));
    let what = finding["what"].as_str().unwrap();
    assert!(what.contains("until it is drained and reset"), "{what}");
    assert_eq!(finding["verdict"]["class"], "gpu_hardware_fault");
    assert!(findings(&report, "GPU 1").is_empty());
    let other = &report["gpus"][1]["counters_last"];
    assert!(other["recovery_action"].is_null(), "{other}");
}

fn ran_page(run: &Scripted) -> PathBuf {
    run.place.path("crashpoint-runs/latest/report.md")
}

#[test]
fn the_slowest_call_and_those_on_the_gpu_are_recorded() {
    let run = Scripted::new(&gpu(0, "[[gpu.process]]\npid = 4242\nused_mib = 700"));
    let child = run.exec("true");
    let (slowest, processes) = run.until("both", |records| {
        let slowest = told(records, "GPU-0", "slowest").pop()?;
        Some((slowest, told(records, "GPU-0", "processes").pop()?))
    });
    let report = run.end(child).exits(0).report();
    assert!(slowest["call"].as_str().unwrap().starts_with("nvml"));
    assert_eq!(processes[0]["pid"], 4242);
    assert_eq!(processes[0]["used_bytes"], 700 << 20);
    assert_eq!(report["gpus"][0]["processes"], processes);
    let call = &report["gpus"][0]["slowest_call"];
    assert!(call["us"].as_u64() >= slowest["us"].as_u64(), "{call}");
}

#[test]
fn what_a_gpu_does_not_support_is_left_out() {
    let bare = "[[gpu]]\nuuid = \"GPU-0\"\npci = \"00000000:01:00.0\"\ncelsius = 40\n";
    let run = Scripted::new(bare);
    let child = run.exec("true");
    let columns = run.until("a sample", |records| columns(records, "GPU-0").pop());
    run.end(child).exits(0);
    let names: Vec<&String> = columns.as_object().unwrap().keys().collect();
    assert_eq!(names, ["celsius"]);
}
