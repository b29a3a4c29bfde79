//! What is read of a GPU every few seconds: counters of faults, and who is on it.

use std::collections::BTreeMap;

use crashpoint_reports::gpu::{GpuCounters, GpuProcess};
use nvml_wrapper::enum_wrappers::device::{EccCounter, MemoryError};
use nvml_wrapper::sys_exports::field_id::*;

use super::look::Look;
use super::reading::{compute, graphics, used};

/// `NVML_FI_DEV_GET_GPU_RECOVERY_ACTION`, which the bindings do not have yet.
const RECOVERY_ACTION: u32 = 230;

pub(super) fn counters(look: &mut Look<'_>) -> GpuCounters {
    let mut ecc = |error: MemoryError, counter: EccCounter| {
        look.ask("nvmlDeviceGetTotalEccErrors", |it| {
            it.total_ecc_errors(error, counter)
        })
    };
    let mut both =
        |counter| [MemoryError::Corrected, MemoryError::Uncorrected].map(|it| ecc(it, counter));
    let [corrected_volatile, uncorrected_volatile] = both(EccCounter::Volatile);
    let [corrected_aggregate, uncorrected_aggregate] = both(EccCounter::Aggregate);
    let [remapped_corrected, remapped_uncorrected, pending, failed] = look.fields([
        NVML_FI_DEV_REMAPPED_COR,
        NVML_FI_DEV_REMAPPED_UNC,
        NVML_FI_DEV_REMAPPED_PENDING,
        NVML_FI_DEV_REMAPPED_FAILURE,
    ]);
    // Alone: a driver before 570 may refuse the whole call over a field that it does not know.
    let [recovery_action] = look.fields([RECOVERY_ACTION]);
    let [flit, data, replays, recoveries, nvlink_ecc] = look.fields([
        NVML_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL,
        NVML_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL,
        NVML_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL,
        NVML_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL,
        NVML_FI_DEV_NVLINK_ECC_DATA_ERROR_COUNT_TOTAL,
    ]);
    GpuCounters {
        ecc_corrected_volatile: corrected_volatile,
        ecc_uncorrected_volatile: uncorrected_volatile,
        ecc_corrected_aggregate: corrected_aggregate,
        ecc_uncorrected_aggregate: uncorrected_aggregate,
        rows_remapped_corrected: remapped_corrected,
        rows_remapped_uncorrected: remapped_uncorrected,
        row_remap_pending: pending.map(|it| it != 0),
        row_remap_failed: failed.map(|it| it != 0),
        recovery_action,
        pcie_replays: look
            .ask("nvmlDeviceGetPcieReplayCounter", |it| {
                it.pcie_replay_counter()
            })
            .map(u64::from),
        nvlink_crc_errors: match (flit, data) {
            (None, None) => None,
            (flit, data) => Some(flit.unwrap_or(0).saturating_add(data.unwrap_or(0))),
        },
        nvlink_replays: replays,
        nvlink_recoveries: recoveries,
        nvlink_ecc_errors: nvlink_ecc,
    }
}

/// By pid. Under MIG one process may appear once for each instance.
pub(super) fn processes(look: &mut Look<'_>) -> Option<Vec<GpuProcess>> {
    let computing = compute(look)?;
    let mut by_pid: BTreeMap<u32, Option<u64>> = BTreeMap::new();
    for process in computing.iter().chain(&graphics(look).unwrap_or_default()) {
        let sum = by_pid.entry(process.pid).or_default();
        *sum = match (*sum, used(process)) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
    }
    let process = |(pid, used_bytes)| GpuProcess { pid, used_bytes };
    Some(by_pid.into_iter().map(process).collect())
}
