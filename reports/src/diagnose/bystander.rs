//! Lines of the kernel's log that tell of somebody else: the log is the whole machine's.

use crate::gathered::CgroupCounters;

/// Who the attempt was, as far as the kernel names processes and groups.
#[derive(Debug, Clone, Copy, Default)]
pub struct Own<'a> {
    /// Of one of our own workers, which starts no others.
    pub worker_pid: Option<i32>,
    /// Of a foreign program that shows no sign of a child that was ended by a signal: the faults of
    /// its children are its own, and nobody knows their numbers afterwards.
    pub childless_pid: Option<i32>,
    /// It ended by SIGKILL, the only way in which the OOM killer ends a process.
    pub killed: bool,
    pub cgroup: Option<&'a CgroupCounters>,
}

/// Certain to be about another process. What names nobody may be about this one.
pub fn is_about_another(line: &str, own: Own<'_>) -> bool {
    let own_pid = own.worker_pid.or(own.childless_pid);
    let faulted = own_pid.zip(faulting_pid(line));
    faulted.is_some_and(|(own, named)| own != named)
        || rejected_another(line, own.cgroup)
        || killed_another(line, own)
}

/// Whether a foreign program's exit code or its last words speak of a child's signal.
pub fn may_have_lost_a_child(code: Option<i32>, stderr: &str) -> bool {
    /// What shells leave with if a signal ended the command.
    const BY_SIGNAL: std::ops::RangeInclusive<i32> = 129..=192;
    const WORDS: [&str; 8] = [
        "SIG",
        "signal",
        "Signal",
        "egmentation fault",
        "core dumped",
        "Aborted",
        "terminated abruptly",
        "exitcode",
    ];
    code.is_some_and(|code| code < 0 || BY_SIGNAL.contains(&code))
        || WORDS.iter().any(|word| stderr.contains(word))
}

/// `app[4711]: segfault at ...`, `traps: app[4711] trap invalid opcode ...`
fn faulting_pid(line: &str) -> Option<i32> {
    const AFTER: [&str; 3] = ["]: segfault at ", "] trap ", "] general protection"];
    let end = AFTER.iter().find_map(|after| line.find(after))?;
    let (before, _) = line.split_at_checked(end)?;
    before.rsplit_once('[')?.1.parse().ok()
}

/// `Memory cgroup out of memory: Killed process 4711`: a kill is counted in the group of the killed,
/// and one of our own workers that was not killed was nobody's victim.
fn killed_another(line: &str, own: Own<'_>) -> bool {
    const KILLS: [&str; 7] = [
        "oom-kill:",
        "oom_reaper: ",
        "invoked oom-killer",
        "Killed process ",
        "ut of memory: ",
        "memory: usage ",
        "emory cgroup stats for ",
    ];
    let counted_none = own.cgroup.is_some_and(|it| it.oom_kills == Some(0));
    let spared = own.worker_pid.is_some() && !own.killed;
    let elsewhere = names_another_attempt(line, own.cgroup);
    KILLS.iter().any(|kill| line.contains(kill)) && (counted_none || spared || elsewhere)
}

/// A group that was made for an attempt, and not for this one.
fn names_another_attempt(line: &str, cgroup: Option<&CgroupCounters>) -> bool {
    let own = cgroup.and_then(|it| it.path.rsplit('/').next());
    // The worker's own name begins so too, but no number follows.
    let is_group = |name: &&str| {
        name.strip_prefix("crashpoint-")
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    };
    line.trim_end()
        .split(['/', ',', ' ', ':', '='])
        .filter(is_group)
        .any(|name| Some(name) != own)
}

/// `cgroup: fork rejected by pids controller in /batch/7`: the counter knows whether it was ours.
/// Where there is none, a group that was made for another attempt is not.
fn rejected_another(line: &str, cgroup: Option<&CgroupCounters>) -> bool {
    let Some((_, group)) = line.split_once("fork rejected by pids controller in ") else {
        return false;
    };
    match cgroup.and_then(|it| it.pids_limit_hits) {
        Some(hits) => hits == 0,
        None => names_another_attempt(group, cgroup),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(cgroup: Option<&CgroupCounters>) -> Own<'_> {
        Own {
            worker_pid: Some(71),
            childless_pid: None,
            killed: true,
            cgroup,
        }
    }

    #[test]
    fn a_fault_of_another_process_is_told_from_our_own() {
        for (line, ours) in [
            (
                "[ 12.5] traps: app[70] trap invalid opcode ip:55d0 sp:7ffe error:0 in app[e1,55d0+14]",
                false,
            ),
            (
                "[ 12.5] traps: app[71] trap invalid opcode ip:55d0 sp:7ffe error:0 in app[e1,55d0+14]",
                true,
            ),
            (
                "[ 12.5] app[70]: segfault at 10 ip 55d0 sp 7ffe error 6 in app[55d0+14]",
                false,
            ),
            (
                "[ 12.5] app[71]: segfault at 10 ip 55d0 sp 7ffe error 6 in app[55d0+14]",
                true,
            ),
            ("[ 12.5] usb 1-1: new device", true),
            (
                "[ 12.5] NVRM: Xid (PCI:0000:01:00): 31, pid=70, name=app, Ch 8",
                true,
            ),
        ] {
            assert_eq!(is_about_another(line, own(None)), !ours, "{line}");
            assert!(!is_about_another(line, Own::default()), "{line}");
        }
    }

    #[test]
    fn a_kill_that_our_group_did_not_count_was_elsewhere() {
        let counted = |kills| CgroupCounters {
            oom_kills: kills,
            ..CgroupCounters::default()
        };
        for line in [
            "[ 12.5] oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/batch/7,task=app,pid=70,uid=0",
            "[ 12.5] Memory cgroup out of memory: Killed process 70 (app) total-vm:1kB",
            "[ 12.5] app invoked oom-killer: gfp_mask=0xcc0, order=0",
        ] {
            assert!(is_about_another(line, own(Some(&counted(Some(0))))));
            assert!(!is_about_another(line, own(Some(&counted(Some(1))))));
            assert!(!is_about_another(line, own(Some(&counted(None)))));
            assert!(!is_about_another(line, own(None)));
        }
    }

    #[test]
    fn a_fork_that_was_rejected_elsewhere_is_not_ours() {
        let line = "[ 12.5] cgroup: fork rejected by pids controller in /batch/7";
        let counted = |hits| CgroupCounters {
            pids_limit_hits: hits,
            ..CgroupCounters::default()
        };
        assert!(is_about_another(line, own(Some(&counted(Some(0))))));
        assert!(!is_about_another(line, own(Some(&counted(Some(3))))));
        assert!(!is_about_another(line, own(Some(&counted(None)))));
        let attempt = "[ 12.5] cgroup: fork rejected by pids controller in /crashpoint-1-2-3-4";
        assert!(is_about_another(attempt, own(Some(&counted(None)))));
        assert!(is_about_another(attempt, own(None)));
        let ours = CgroupCounters {
            path: "/sys/fs/cgroup/memory/crashpoint-1-2-3-4".into(),
            ..CgroupCounters::default()
        };
        assert!(!is_about_another(attempt, own(Some(&ours))));
    }

    #[test]
    fn the_oom_killer_has_another_victim_where_this_one_was_not_killed() {
        let kill = "[ 12.5] oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a/crashpoint-1-2-3-4,task=crashpoint-work,pid=70,uid=0";
        let spared = Own {
            killed: false,
            ..own(None)
        };
        assert!(is_about_another(kill, spared));
        let group = |path: &str| CgroupCounters {
            path: path.to_owned(),
            oom_kills: Some(1),
            ..CgroupCounters::default()
        };
        let ours = group("/sys/fs/cgroup/memory/a/crashpoint-1-2-3-4");
        assert!(!is_about_another(kill, own(Some(&ours))));
        let another = group("/sys/fs/cgroup/memory/a/crashpoint-9-2-3-4");
        assert!(is_about_another(kill, own(Some(&another))));
    }

    #[test]
    fn a_fault_is_a_foreign_programs_own_only_if_it_may_have_lost_a_child() {
        let line = "[ 12.5] python3[70]: segfault at 0 ip 7f02 sp 7ffe error 4 in libc.so.6[7f02]";
        let foreign = |childless_pid| Own {
            childless_pid,
            ..Own::default()
        };
        assert!(is_about_another(line, foreign(Some(71))));
        assert!(!is_about_another(line, foreign(Some(70))));
        assert!(!is_about_another(line, foreign(None)));
        assert!(!may_have_lost_a_child(Some(1), "KeyError: 'pixel_values'"));
        assert!(may_have_lost_a_child(Some(139), ""));
        assert!(may_have_lost_a_child(
            Some(1),
            "died with <Signals.SIGSEGV: 11>."
        ));
    }
}
