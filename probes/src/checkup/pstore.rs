//! Whether the kernel's last words are kept where a reset does not reach them: the kernel's
//! `Documentation/admin-guide/pstore-blk.rst` and `ramoops.rst`, `Documentation/ABI/testing/pstore`.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::machine::Machine;

pub(super) const ABOUT: About = About {
    topic: Topic::Evidence,
    name: "pstore",
    matters: "a panic leaves nothing else that is sure to be there: without it one looks like a power cut",
};

const FOLDERS: [&str; 2] = ["/sys/fs/pstore", "/var/lib/systemd/pstore"];
const MOST_NAMES: usize = 8;

pub(super) fn check(machine: &Machine) -> Check {
    let backend = machine
        .text("/sys/module/pstore/parameters/backend")
        .filter(|name| !name.is_empty() && name != "(null)");
    let (waiting, hidden) = waiting(machine);
    let mut seen = match &backend {
        Some(name) => format!("the kernel keeps them in {name}"),
        None if machine.exists("/sys/module/pstore") => {
            "pstore is there, without a back end".to_owned()
        }
        None => "no pstore in this kernel".to_owned(),
    };
    if let Some((first, rest)) = waiting.split_at_checked(MOST_NAMES.min(waiting.len())) {
        if !first.is_empty() {
            seen += &format!("; an earlier crash left {}", first.join(", "));
        }
        if !rest.is_empty() {
            seen += &format!(" and {} more", rest.len());
        }
    }
    if !hidden.is_empty() {
        seen += &format!("; {} cannot be listed", hidden.join(", "));
    }
    match backend {
        Some(_) if hidden.is_empty() => ABOUT.good(seen),
        // It will be written; who may read it then is another matter.
        Some(_) => ABOUT.doubtful(
            seen,
            &["sudo crashpoint recover  # after a reset: only root may read it"],
        ),
        None => {
            let mut remedy = Vec::new();
            if machine.exists("/sys/firmware/efi") {
                remedy.push("sudo modprobe efi_pstore pstore_disable=N");
            }
            if machine.exists("/sys/firmware/acpi/tables/ERST") {
                remedy.push(
                    "# the firmware has an ERST: take erst_disable off the kernel's command line",
                );
            }
            remedy.push("# kernel 6.12 or newer: add reserve_mem=2M:4096:oops ramoops.mem_name=oops to its command line, then: sudo modprobe ramoops");
            ABOUT.doubtful(seen, &remedy)
        }
    }
}

/// The names of what is kept, and the folders that may not be listed.
fn waiting(machine: &Machine) -> (Vec<String>, Vec<&'static str>) {
    let (mut names, mut hidden) = (Vec::new(), Vec::new());
    for folder in FOLDERS {
        match machine.names(folder) {
            Ok(found) => names.extend(found.into_iter().map(|name| format!("{folder}/{name}"))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => hidden.push(folder),
        }
    }
    (names, hidden)
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn a_back_end_is_what_counts_and_what_waits_is_named() {
        let other = Other::new("pstore", &[("/sys/firmware/efi/fw_platform_size", "64")]);
        let found = check(&other.machine);
        assert_eq!(found.state, State::Doubtful);
        assert!(found.remedy[0].contains("efi_pstore"));
        other.put("/sys/module/pstore/parameters/backend", "(null)\n");
        assert_eq!(check(&other.machine).state, State::Doubtful);
        other.put("/sys/module/pstore/parameters/backend", "ramoops\n");
        other.put("/sys/fs/pstore/dmesg-ramoops-0", "Panic#1");
        let found = check(&other.machine);
        assert_eq!(found.state, State::Good);
        assert!(found.seen.contains("dmesg-ramoops-0"), "{}", found.seen);
    }
}
