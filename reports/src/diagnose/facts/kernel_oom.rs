//! Whose memory ran out, and who was killed for it, in the kernel's own lines.

use std::sync::LazyLock;

use regex::Regex;

static VICTIM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)kill(?:ed)? process (\d+)(?:,? ?\(([^)]*)\))?|task=([^,]+),pid=(\d+)").ok()
});
static KILLED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)kill(ed)? process \d|oom-kill:|oom_reaper: reaped").ok());

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The whole machine, or a set of its nodes.
    Machine,
    Cgroup,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelOom {
    /// `None` where the line does not tell.
    pub scope: Option<Scope>,
    pub pid: Option<i32>,
    pub name: Option<String>,
    /// It says that something was killed, not only that memory ran out.
    pub killed: bool,
}

pub fn parse(line: &str) -> Option<KernelOom> {
    let lower = line.to_ascii_lowercase();
    let scope = if lower.contains("memory cgroup")
        || lower.contains("constraint_memcg")
        || lower.contains("as a result of limit of")
        || lower.contains("oom_memcg=")
        || lower.contains("memory: usage")
        || lower.contains("mem_cgroup_out_of_memory")
    {
        Some(Scope::Cgroup)
    } else if lower.contains("out of memory:")
        || lower.contains("constraint_none")
        || lower.contains("constraint_cpuset")
        || lower.contains("constraint_memory_policy")
        || lower.contains("global_oom")
    {
        Some(Scope::Machine)
    } else {
        None
    };
    let victim = VICTIM.as_ref()?.captures(line);
    let part = |a: usize, b: usize| {
        let found = victim.as_ref()?;
        found.get(a).or_else(|| found.get(b)).map(|it| it.as_str())
    };
    Some(KernelOom {
        scope,
        pid: part(1, 4).and_then(|it| it.parse().ok()),
        name: part(2, 3).map(str::to_owned),
        killed: KILLED.as_ref().is_some_and(|it| it.is_match(line)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_and_cgroup_are_told_apart_in_old_and_new_kernels() {
        for (line, scope, pid) in [
            (
                "Out of memory: Killed process 31 (app) total-vm:8kB",
                Some(Scope::Machine),
                Some(31),
            ),
            (
                "Out of memory: Kill process 31 (app) score 9 or sacrifice child",
                Some(Scope::Machine),
                Some(31),
            ),
            (
                "Memory cgroup out of memory: Killed process 31 (app)",
                Some(Scope::Cgroup),
                Some(31),
            ),
            (
                "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=app,pid=31,uid=0",
                Some(Scope::Cgroup),
                Some(31),
            ),
            (
                "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),global_oom,task_memcg=/a,task=app,pid=31,uid=0",
                Some(Scope::Machine),
                Some(31),
            ),
            (
                "Task in /docker/1 killed as a result of limit of /docker/1",
                Some(Scope::Cgroup),
                None,
            ),
            (
                "app invoked oom-killer: gfp_mask=0x1, order=0, oom_score_adj=0",
                None,
                None,
            ),
        ] {
            let read = parse(line).unwrap();
            assert_eq!((read.scope, read.pid), (scope, pid), "{line}");
        }
    }
}
