//! The numbers in a failed allocation, in the old and the new wording of PyTorch and in others'.

use std::sync::LazyLock;

use regex::Regex;

const SIZE: &str = r"([\d][\d,]*(?:\.\d+)?) ?(bytes|[KMGT]i?B|B)\b";

/// What each number is called, the first that matches counts.
static REQUESTED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    all(&[
        &format!(r"tried to allocate {SIZE}"),
        &format!(r"allocating {SIZE}"),
        &format!(
            r"(?:unable to|trying to|can't|cannot|failed to) allocate(?: memory: you tried to allocate)? {SIZE}"
        ),
        &format!(r"memory allocation of {SIZE}"),
        &format!(r"Requested memory: {SIZE}"),
        r"buffer of size (\d+)()",
    ])
});
static TOTAL: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    all(&[
        &format!(r"total capacity of {SIZE}"),
        &format!(r"{SIZE} total capacity"),
    ])
});
static FREE: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    all(&[
        &format!(r"of which {SIZE} is free"),
        &format!(r"; {SIZE} free"),
    ])
});
static OURS: LazyLock<Vec<Regex>> =
    LazyLock::new(|| all(&[&format!(r"this process has {SIZE} memory in use")]));
static ALLOCATED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    all(&[
        &format!(r"{SIZE} is allocated by PyTorch"),
        &format!(r"{SIZE} already allocated"),
    ])
});
/// PyTorch before 1.4 called it `cached`; what came after counts the allocated part as well.
static UNALLOCATED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    all(&[
        &format!(r"{SIZE} is reserved by PyTorch but unallocated"),
        &format!(r"{SIZE} cached"),
    ])
});
static RESERVED: LazyLock<Vec<Regex>> =
    LazyLock::new(|| all(&[&format!(r"{SIZE} reserved in total")]));
static PROCESS: LazyLock<Vec<Regex>> =
    LazyLock::new(|| all(&[&format!(r"\bProcess \d+ has {SIZE} memory in use")]));

/// Bytes; what the line does not tell is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GpuMemory {
    pub requested: Option<u64>,
    pub total: Option<u64>,
    pub free: Option<u64>,
    /// All that this process holds.
    pub ours: Option<u64>,
    pub allocated: Option<u64>,
    /// Held by the allocator, and in no tensor.
    pub unallocated: Option<u64>,
    /// The processes that the line names; in a container one of them is this one.
    pub processes: Vec<u64>,
}

pub fn parse(line: &str) -> Option<GpuMemory> {
    let allocated = first(&ALLOCATED, line);
    let reserved = first(&RESERVED, line);
    let unallocated = first(&UNALLOCATED, line);
    Some(GpuMemory {
        requested: first(&REQUESTED, line),
        total: first(&TOTAL, line),
        free: first(&FREE, line),
        ours: first(&OURS, line),
        allocated,
        unallocated: unallocated.or_else(|| Some(reserved?.saturating_sub(allocated?))),
        processes: PROCESS
            .iter()
            .flat_map(|regex| regex.captures_iter(line))
            .filter_map(|found| size(&found))
            .take(32)
            .collect(),
    })
}

fn all(expressions: &[&str]) -> Vec<Regex> {
    let compiled = expressions
        .iter()
        .map(|it| Regex::new(&format!("(?i){it}")));
    compiled.filter_map(Result::ok).collect()
}

fn first(regexes: &[Regex], line: &str) -> Option<u64> {
    regexes
        .iter()
        .find_map(|regex| size(&regex.captures(line)?))
}

fn size(found: &regex::Captures<'_>) -> Option<u64> {
    let number: f64 = found.get(1)?.as_str().replace(',', "").parse().ok()?;
    let unit = found.get(2)?.as_str().to_ascii_uppercase();
    let factor = match unit.chars().next() {
        Some('K') => 1_u64 << 10,
        Some('M') => 1 << 20,
        Some('G') => 1 << 30,
        Some('T') => 1 << 40,
        _ => 1,
    };
    Some((number * factor as f64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn pytorch_is_read_in_its_new_and_its_old_wording() {
        let new = parse("CUDA out of memory. Tried to allocate 512.00 MiB. GPU 0 has a total capacity of 16.00 GiB of which 128.00 MiB is free. Process 7 has 6.00 GiB memory in use. Including non-PyTorch memory, this process has 9.00 GiB memory in use. Of the allocated memory 8.00 GiB is allocated by PyTorch, and 256.00 MiB is reserved by PyTorch but unallocated.").unwrap();
        assert_eq!(new.requested, Some(512 * MIB));
        assert_eq!((new.total, new.free), (Some(16 << 30), Some(128 * MIB)));
        assert_eq!(
            (new.ours, new.unallocated),
            (Some(9 << 30), Some(256 * MIB))
        );
        assert_eq!(new.processes, [6 << 30]);
        let old = parse("CUDA out of memory. Tried to allocate 64.00 MiB (GPU 0; 8.00 GiB total capacity; 5.00 GiB already allocated; 0 bytes free; 6.00 GiB reserved in total by PyTorch)").unwrap();
        assert_eq!((old.free, old.unallocated), (Some(0), Some(1 << 30)));
    }

    #[test]
    fn others_tell_at_least_what_was_asked_for() {
        for (line, bytes) in [
            (
                "allocating 900.50 MiB on device 0: cudaMalloc failed: out of memory",
                944_242_688,
            ),
            ("failed to allocate CUDA0 buffer of size 4096", 4096),
            ("Out of memory while trying to allocate 123 bytes.", 123),
            (
                "cupy.OutOfMemoryError: Out of memory allocating 1,000 bytes (allocated so far: 3 bytes).",
                1000,
            ),
        ] {
            assert_eq!(parse(line).unwrap().requested, Some(bytes), "{line}");
        }
    }
}
