//! What `/proc/PID/status` and `stat` say of a process: rights, restrictions, priority.

use crashpoint_reports::env::Section;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub groups: Vec<u32>,
    pub facts: Section,
}

pub(super) fn from_texts(status: &str, stat: &str) -> Status {
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.strip_prefix(':')?.trim())
    };
    // Real, effective, saved, of the filesystem: the second decides.
    let effective = |name| value(name)?.split_whitespace().nth(1)?.parse().ok();
    let mut facts = Section::new();
    let mut put = |name: &str, fact: Option<String>| {
        if let Some(fact) = fact {
            facts.insert(name.to_owned(), fact);
        }
    };
    put("umask", value("Umask").map(str::to_owned));
    put("no new privileges", value("NoNewPrivs").map(yes_or_no));
    put("seccomp", value("Seccomp").map(seccomp));
    put("capabilities", value("CapEff").map(capabilities));
    put(
        "usable processors",
        value("Cpus_allowed_list").map(str::to_owned),
    );
    // The name may hold blanks and brackets; proc_pid_stat(5) counts the state as the third field.
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().collect())
        .unwrap_or_default();
    let field = |number: usize| fields.get(number - 3).copied();
    put("nice", field(19).map(str::to_owned));
    put("scheduler", field(41).map(scheduler));
    let terminal = |device: &str| if device == "0" { "none" } else { "one" }.to_owned();
    put("terminal", field(7).map(terminal));
    let groups = value("Groups").unwrap_or_default().split_whitespace();
    Status {
        uid: effective("Uid"),
        gid: effective("Gid"),
        groups: groups.filter_map(|group| group.parse().ok()).collect(),
        facts,
    }
}

fn yes_or_no(flag: &str) -> String {
    if flag == "0" { "no" } else { "yes" }.to_owned()
}

fn seccomp(mode: &str) -> String {
    match mode {
        "0" => "none",
        "1" => "strict",
        "2" => "a filter",
        other => other,
    }
    .to_owned()
}

fn capabilities(mask: &str) -> String {
    match u64::from_str_radix(mask, 16) {
        Ok(0) => "none".to_owned(),
        _ => mask.trim_start_matches('0').to_owned(),
    }
}

/// sched(7).
fn scheduler(number: &str) -> String {
    match number {
        "0" => "other",
        "1" => "fifo",
        "2" => "rr",
        "3" => "batch",
        "5" => "idle",
        "6" => "deadline",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\tpython) x\nUmask:\t0022\nUid:\t1000\t1001\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t27 44 1000 \nCapEff:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t2\nCpus_allowed_list:\t0-3\n";

    #[test]
    fn rights_and_priority_are_read() {
        let stat = "7 (python) x) S 1 7 7 34816 -1 4 0 0 0 0 1 2 3 4 20 5 1 0 100 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 17 3 0 0 0 0 0";
        let status = from_texts(STATUS, stat);
        assert_eq!((status.uid, status.gid), (Some(1001), Some(1000)));
        assert_eq!(status.groups, [27, 44, 1000]);
        for (name, value) in [
            ("umask", "0022"),
            ("no new privileges", "no"),
            ("seccomp", "a filter"),
            ("capabilities", "none"),
            ("usable processors", "0-3"),
            ("nice", "5"),
            ("scheduler", "other"),
            ("terminal", "one"),
        ] {
            assert_eq!(status.facts[name], value, "{name}");
        }
        assert_eq!(from_texts("", ""), Status::default());
        assert_eq!(from_texts("Uid", ")"), Status::default());
    }
}
