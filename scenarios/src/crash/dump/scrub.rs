//! Takes the environment out of a minidump: it holds access tokens, and says nothing of a crash.

use std::ops::Range;

use procfs::process::Process;

/// The streams, by the numbers that Breakpad gave them.
const MEMORY_LIST: u32 = 5;
const LINUX_ENVIRON: u32 = 0x4767_0007;

/// Where the kernel laid the environment down: at the end of the main thread's stack.
pub fn environment_of(pid: i32) -> Option<Range<u64>> {
    let stat = Process::new(pid).ok()?.stat().ok()?;
    Some(stat.env_start?..stat.env_end?)
}

pub fn scrub(dump: &mut [u8], environment: Option<Range<u64>>) {
    let mut blank = Vec::new();
    for (kind, at) in streams(dump) {
        match kind {
            LINUX_ENVIRON => blank.push(at),
            MEMORY_LIST => {
                if let Some(environment) = &environment {
                    blank.extend(parts_of_memory(dump, at.start, environment));
                }
            }
            _ => {}
        }
    }
    for range in blank {
        if let Some(bytes) = dump.get_mut(range) {
            bytes.fill(0);
        }
    }
}

fn streams(dump: &[u8]) -> Vec<(u32, Range<usize>)> {
    let count = number(dump, 8).unwrap_or_default();
    let directory = number(dump, 12).unwrap_or_default() as usize;
    let entry = |n: u32| {
        let at = directory + n as usize * 12;
        let start = number(dump, at + 8)? as usize;
        Some((
            number(dump, at)?,
            start..start + number(dump, at + 4)? as usize,
        ))
    };
    (0..count).map_while(entry).collect()
}

/// The places of the dump that hold these addresses.
fn parts_of_memory(dump: &[u8], list: usize, addresses: &Range<u64>) -> Vec<Range<usize>> {
    let count = number(dump, list).unwrap_or_default();
    let descriptor = |n: u32| {
        let at = list + 4 + n as usize * 16;
        let low = u64::from(number(dump, at)?);
        let high = u64::from(number(dump, at + 4)?);
        let size = u64::from(number(dump, at + 8)?);
        Some((high << 32 | low, size, number(dump, at + 12)?))
    };
    let overlap = |(start, size, place): (u64, u64, u32)| {
        let from = addresses.start.clamp(start, start + size) - start;
        let to = addresses.end.clamp(start, start + size) - start;
        let place = |offset| Some(place as usize + usize::try_from(offset).ok()?);
        Some(place(from)?..place(to)?)
    };
    (0..count)
        .map_while(descriptor)
        .filter_map(overlap)
        .collect()
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}
