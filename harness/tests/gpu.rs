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
}

impl Scripted {
    fn new(nvml: &str) -> Scripted {
        let place = Place::new();
        place.write("nvml.toml", nvml);
        Scripted { place }
    }

    fn start(&self, arguments: &[&str]) -> Child {
        // Beside the test, as it is one of its dependencies.
        let library: PathBuf = std::env::current_exe()
            .unwrap()
            .with_file_name("libfake_nvml.so");
        self.place
            .command(arguments)
            .env("CRASHPOINT_NVML", library)
            .env("CRASHPOINT_FAKE_NVML", self.place.path("nvml.toml"))
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

/// Whether a column takes this value, in whichever of its three forms it is.
fn holds(column: &Value, value: i64) -> bool {
    *column == value
        || column[0] == value
        || column["is"]
            .as_array()
            .is_some_and(|is| is.iter().any(|it| *it == value))
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
