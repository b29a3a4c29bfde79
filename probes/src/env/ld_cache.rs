//! `/etc/ld.so.cache`: which library the loader finds under a name, beside `LD_LIBRARY_PATH`.
//!
//! As glibc's `sysdeps/generic/dl-cache.h` has it: a header of 48 bytes, entries of 24, and the strings.

use std::path::PathBuf;

const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;
/// More than any system has.
const MOST: usize = 1 << 17;

/// Of the architecture that this is built for: a machine may hold libraries of others too.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: i32 = 0x0300;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: i32 = 0x0a00;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const ARCHITECTURE: i32 = 0x0000;

/// The files under this name, in the order of the cache.
pub(super) fn lookup(cache: &[u8], name: &str) -> Vec<PathBuf> {
    // An old format may come first, with the current one behind it.
    let start = cache.windows(MAGIC.len()).position(|it| it == MAGIC);
    let Some(cache) = start.and_then(|start| cache.get(start..)) else {
        return Vec::new();
    };
    let count = number(cache, 20).unwrap_or(0) as usize;
    let entry = |at: usize| -> Option<PathBuf> {
        let at = HEADER + at * ENTRY;
        let flags = number(cache, at)? as i32;
        if flags & 0xff00 != ARCHITECTURE {
            return None;
        }
        let key = text(cache, number(cache, at + 4)? as usize)?;
        (key == name.as_bytes())
            .then(|| text(cache, number(cache, at + 8)? as usize))
            .flatten()
            .map(|value| PathBuf::from(String::from_utf8_lossy(value).into_owned()))
    };
    (0..count.min(MOST)).filter_map(entry).collect()
}

fn number(cache: &[u8], at: usize) -> Option<u32> {
    let bytes = cache.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

fn text(cache: &[u8], at: usize) -> Option<&[u8]> {
    let rest = cache.get(at..)?;
    rest.get(..rest.iter().position(|byte| *byte == 0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(entries: &[(i32, &str, &str)]) -> Vec<u8> {
        let mut head = MAGIC.to_vec();
        head.extend(u32::try_from(entries.len()).unwrap().to_ne_bytes());
        head.resize(HEADER, 0);
        let mut strings = Vec::new();
        let base = HEADER + entries.len() * ENTRY;
        for (flags, key, value) in entries {
            head.extend(flags.to_ne_bytes());
            for text in [key, value] {
                head.extend(u32::try_from(base + strings.len()).unwrap().to_ne_bytes());
                strings.extend(text.as_bytes());
                strings.push(0);
            }
            head.extend([0; 12]);
        }
        head.extend(strings);
        head
    }

    #[test]
    fn a_library_of_this_architecture_is_found() {
        let own = ARCHITECTURE | 3;
        let bytes = cache(&[
            (0x0800 | 3, "libcuda.so.1", "/usr/lib/other/libcuda.so.1"),
            (own, "libcuda.so.1", "/usr/lib/libcuda.so.1"),
            (own, "libcuda.so", "/usr/lib/libcuda.so"),
        ]);
        let found = lookup(&bytes, "libcuda.so.1");
        assert_eq!(found, [PathBuf::from("/usr/lib/libcuda.so.1")]);
        let behind = [b"ld.so-1.7.0".to_vec(), bytes.clone()].concat();
        assert_eq!(lookup(&behind, "libcuda.so.1").len(), 1);
        for cut in 0..bytes.len() {
            let _ = lookup(&bytes[..cut], "libcuda.so.1");
        }
        assert!(lookup(&bytes, "libcuda").is_empty());
    }

    #[test]
    fn this_machines_cache_has_its_c_library() {
        let Ok(bytes) = std::fs::read("/etc/ld.so.cache") else {
            println!("skipped: no /etc/ld.so.cache here");
            return;
        };
        assert!(!lookup(&bytes, "libc.so.6").is_empty());
    }
}
