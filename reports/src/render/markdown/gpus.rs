//! What became of each GPU.

use super::table::Table;
use super::text;
use crate::gpu::GpuCounters;
use crate::report::{GpuRecord, Report};
use crate::words::{duration, gib, number, percent};

type Counter = fn(&GpuCounters) -> Option<u64>;

const COUNTERS: [(&str, Counter); 11] = [
    ("ECC errors corrected", |it| it.ecc_corrected_volatile),
    ("ECC errors not corrected", |it| it.ecc_uncorrected_volatile),
    ("ECC errors corrected, over its life", |it| {
        it.ecc_corrected_aggregate
    }),
    ("ECC errors not corrected, over its life", |it| {
        it.ecc_uncorrected_aggregate
    }),
    ("rows remapped after corrected errors", |it| {
        it.rows_remapped_corrected
    }),
    ("rows remapped after uncorrected errors", |it| {
        it.rows_remapped_uncorrected
    }),
    ("PCIe replays", |it| it.pcie_replays),
    ("NVLink CRC errors", |it| it.nvlink_crc_errors),
    ("NVLink replays", |it| it.nvlink_replays),
    ("NVLink recoveries", |it| it.nvlink_recoveries),
    ("NVLink ECC errors", |it| it.nvlink_ecc_errors),
];

pub fn section(report: &Report) -> String {
    if report.gpus.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        "GPU",
        "",
        "memory at most",
        "power at most",
        "heat at most",
        "slowest call",
    ]);
    let mut notes = String::new();
    for gpu in &report.gpus {
        table.row(cells(gpu));
        for note in self::notes(gpu) {
            notes += &format!("- GPU {}: {}\n", gpu.index, text(&note));
        }
    }
    if !notes.is_empty() {
        notes.push('\n');
    }
    format!("## GPUs\n\n{table}\n{notes}")
}

fn cells(gpu: &GpuRecord) -> Vec<String> {
    let or_nothing = |value: Option<String>| value.unwrap_or_default();
    let memory = gpu.memory_used_max_bytes.map(|used| {
        let of = gpu.memory_total_bytes.map(gib);
        of.map_or_else(|| gib(used), |of| format!("{} of {of}", gib(used)))
    });
    let power = gpu
        .power_max_milliwatts
        .map(|milliwatts| format!("{:.0} W", milliwatts as f64 / 1000.0));
    let slowest = gpu.slowest_call.as_ref().map(|call| {
        format!(
            "{}, {} ms",
            text(&call.call),
            number(call.us as f64 / 1000.0)
        )
    });
    vec![
        gpu.index.to_string(),
        text(gpu.name.as_deref().unwrap_or(&gpu.uuid)),
        or_nothing(memory),
        or_nothing(power),
        or_nothing(gpu.max_celsius.map(|celsius| format!("{celsius} °C"))),
        or_nothing(slowest),
    ]
}

fn notes(gpu: &GpuRecord) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(seconds) = gpu.longest_silence_seconds {
        notes.push(format!("it did not answer for {}", duration(seconds)));
    }
    for xid in &gpu.xids {
        let name = xid.name.as_deref().unwrap_or("no source describes it");
        let when = duration(xid.seconds);
        notes.push(format!("Xid {} ({name}) after {when}", xid.xid));
    }
    let throttled = gpu.throttled.iter().filter(|it| it.reason != "gpu_idle");
    let throttled: Vec<String> = throttled
        .map(|it| format!("{} in {}", it.reason, percent(it.share)))
        .collect();
    if !throttled.is_empty() {
        notes.push(format!(
            "throttled: {} of the samples",
            throttled.join(", ")
        ));
    }
    if let (Some(first), Some(last)) = (&gpu.counters_first, &gpu.counters_last) {
        for (what, of) in COUNTERS {
            if let (Some(first), Some(last)) = (of(first), of(last))
                && last != first
            {
                notes.push(format!("{what}: {first}, then {last}"));
            }
        }
    }
    let counters = gpu.counters_last.as_ref();
    let flags = [
        (
            "a row of its memory is to be remapped at the next reset",
            counters.and_then(|it| it.row_remap_pending),
        ),
        (
            "a row of its memory could not be remapped",
            counters.and_then(|it| it.row_remap_failed),
        ),
    ];
    let set = flags.iter().filter(|(_, flag)| *flag == Some(true));
    notes.extend(set.map(|(what, _)| (*what).to_owned()));
    notes
}
