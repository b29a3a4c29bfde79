//! Whether a process sees the machine as it is, or a part that was made for it and others.

use std::path::Path;

use crashpoint_reports::env::Section;

/// Namespaces are numbered as inodes. The kernel's own have fixed numbers or are made while it boots, and
/// later ones are above (`include/linux/proc_ns.h`, `ida_alloc` from `PROC_DYNAMIC_FIRST` 0xF0000000).
const FIRST_LATER: u64 = 0xF000_00A0;

pub(super) fn of(process: &Path) -> Section {
    let folder = process.join("ns");
    let names = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    names
        .filter_map(|entry| {
            let target = std::fs::read_link(entry.path()).ok()?;
            let name = entry.file_name().to_string_lossy().into_owned();
            Some((name, kind(&target.to_string_lossy())?.to_owned()))
        })
        .collect()
}

/// `mnt:[4026531841]`.
fn kind(target: &str) -> Option<&'static str> {
    let (_, number) = target.split_once(":[")?;
    let number: u64 = number.strip_suffix(']')?.parse().ok()?;
    Some(match number < FIRST_LATER {
        true => "the machine's",
        false => "its own",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_own_are_told_by_their_numbers() {
        assert_eq!(kind("user:[4026531837]"), Some("the machine's"));
        assert_eq!(kind("mnt:[4026531841]"), Some("the machine's"));
        assert_eq!(kind("net:[4026531992]"), Some("the machine's"));
        assert_eq!(kind("mnt:[4026532567]"), Some("its own"));
        assert_eq!(kind("x"), None);
        assert!(of(Path::new("/proc/self")).contains_key("mnt"));
    }
}
