//! Xids as NVML's event set delivers them: a thread for each GPU, which waits for nothing else.

use std::sync::mpsc::Sender;
use std::time::Duration;

use crashpoint_reports::gpu::{GpuNews, Told};
use nvml_wrapper::Nvml;
use nvml_wrapper::bitmasks::event::EventTypes;
use nvml_wrapper::enums::event::XidError;
use nvml_wrapper::error::NvmlError;

use crate::boot::Clocks;

const WAIT_MS: u32 = 1000;
/// A set that answers with an error answers at once, and may do so for good.
const AFTER_AN_ERROR: Duration = Duration::from_secs(1);
/// NVML's own number for an Xid that it does not know.
const UNKNOWN: u64 = 999;

/// Returns if this GPU has no such events, or if nobody listens any more. The set is made anew for
/// each GPU, as one that can't take a GPU is lost with it.
pub(super) fn listen(nvml: &Nvml, index: u32, uuid: &str, news: &Sender<GpuNews>) {
    let wanted = EventTypes::CRITICAL_XID_ERROR;
    let Ok(device) = nvml.device_by_index(index) else {
        return;
    };
    let has_them = device.supported_event_types();
    if !has_them.is_ok_and(|types| types.contains(wanted)) {
        return;
    }
    let Ok(set) = nvml.create_event_set() else {
        return;
    };
    let Ok(set) = device.register_events(wanted, set) else {
        return;
    };
    loop {
        match set.wait(WAIT_MS) {
            Ok(event) => {
                let number = match event.event_data {
                    Some(XidError::Value(number)) => number,
                    Some(XidError::Unknown) => UNKNOWN,
                    None => continue,
                };
                let told = GpuNews {
                    index,
                    uuid: uuid.to_owned(),
                    mono_us: Clocks::now().mono_us,
                    told: Told::Xid(number),
                };
                if news.send(told).is_err() {
                    return;
                }
            }
            Err(NvmlError::Timeout) => {}
            Err(_) => std::thread::sleep(AFTER_AN_ERROR),
        }
    }
}
