//! What a run runs on, taken down once, in a form that is safe to share.

use std::ffi::OsString;
use std::path::Path;

use crashpoint_reports::Environment;
use crashpoint_reports::environment::{CgroupLimits, GpuFacts};
use nix::unistd::getuid;
use sysinfo::{CpuRefreshKind, System};

use crate::cgroup::{Cgroup, cpu_limit};
use crate::{boot, variables};

/// `variables` is what the worker will be started with, such as [`std::env::vars_os`]; `gpu` is what
/// [`ProbeThread::facts`](crate::ProbeThread::facts) says: the facts, or why there are none.
pub fn capture(
    crashpoint_version: &str,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    gpu: Result<GpuFacts, String>,
) -> Environment {
    let pid = i32::try_from(std::process::id()).unwrap_or(0);
    let (gpu, gpu_absent_because) = match gpu {
        Ok(facts) => (facts, None),
        Err(because) => (GpuFacts::default(), Some(because)),
    };
    let mut environment = Environment {
        crashpoint: crashpoint_version.to_owned(),
        kernel: System::kernel_version().ok(),
        distribution: distribution(),
        architecture: std::env::consts::ARCH.to_owned(),
        physical_cores: System::physical_core_count()
            .ok()
            .and_then(|cores| u32::try_from(cores).ok()),
        usable_cpus: std::thread::available_parallelism()
            .ok()
            .and_then(|cpus| u32::try_from(cpus.get()).ok()),
        boot_id: boot::boot_id(),
        container: container(),
        cgroup: Cgroup::of(pid).map(|mut group| CgroupLimits {
            version: group.version(),
            memory_limit_bytes: group.memory_limit_bytes(),
            cpus: cpu_limit(pid),
        }),
        user_id: getuid().as_raw(),
        variables: variables
            .into_iter()
            .map(|(name, value)| {
                let name = name.to_string_lossy().into_owned();
                let value = variables::shown(&name, &value.to_string_lossy());
                (name, value)
            })
            .collect(),
        gpu,
        gpu_absent_because,
        ..Environment::default()
    };
    if let Ok(mut system) = System::new() {
        system.refresh_memory();
        system.refresh_cpu_list(CpuRefreshKind::nothing());
        environment.cpu = system
            .cpus()
            .first()
            .map(|cpu| cpu.brand().trim().to_owned())
            .filter(|brand| !brand.is_empty());
        environment.cpus = u32::try_from(system.cpus().len())
            .ok()
            .filter(|cpus| *cpus > 0);
        environment.memory_total_bytes = Some(system.total_memory()).filter(|bytes| *bytes > 0);
        environment.swap_total_bytes = Some(system.total_swap());
    }
    environment
}

/// The distribution's own full name.
fn distribution() -> Option<String> {
    let text = ["/etc/os-release", "/usr/lib/os-release"]
        .into_iter()
        .find_map(|path| std::fs::read_to_string(path).ok())?;
    pretty_name(&text)
}

fn pretty_name(os_release: &str) -> Option<String> {
    let value = os_release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    let value = value.trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

pub(crate) fn container() -> Option<String> {
    if std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() {
        return Some("kubernetes".to_owned());
    }
    // systemd-nspawn, podman and lxc say it themselves.
    if let Some(kind) = std::env::var("container")
        .ok()
        .filter(|kind| !kind.is_empty())
    {
        return Some(kind);
    }
    for (mark, kind) in [("/.dockerenv", "docker"), ("/run/.containerenv", "podman")] {
        if Path::new(mark).exists() {
            return Some(kind.to_owned());
        }
    }
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    container_in(&groups)
}

fn container_in(groups: &str) -> Option<String> {
    [
        ("kubepods", "kubernetes"),
        ("docker", "docker"),
        ("libpod", "podman"),
        ("containerd", "containerd"),
        ("/lxc", "lxc"),
    ]
    .into_iter()
    .find(|(mark, _)| groups.contains(mark))
    // The daemon's own unit is no container.
    .filter(|_| !groups.contains("docker.service") && !groups.contains("containerd.service"))
    .map(|(_, kind)| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_described_without_its_secrets() {
        let variables = [
            ("HF_TOKEN", "hf_secret"),
            ("CUDA_VISIBLE_DEVICES", "0"),
            ("HF_ENDPOINT", "https://me:hf_secret@x"),
        ];
        let variables =
            variables.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let environment = capture("1.2.3", variables, Err("no driver".into()));
        assert_eq!(environment.crashpoint, "1.2.3");
        assert_eq!(environment.gpu_absent_because.as_deref(), Some("no driver"));
        assert_eq!(environment.variables["HF_TOKEN"], None);
        assert_eq!(
            environment.variables["CUDA_VISIBLE_DEVICES"].as_deref(),
            Some("0")
        );
        assert!(environment.kernel.is_some() && environment.boot_id.is_some());
        assert!(environment.cpus.unwrap() >= environment.usable_cpus.unwrap());
        assert!(environment.memory_total_bytes.unwrap() > 64 << 20);
        let written = format!("{environment:?}");
        assert!(!written.contains("hf_secret"), "{written}");
    }

    #[test]
    fn gpus_are_passed_on() {
        let facts = GpuFacts {
            driver_version: Some("570.1".into()),
            ..GpuFacts::default()
        };
        let environment = capture("1", [], Ok(facts.clone()));
        assert_eq!(
            (environment.gpu, environment.gpu_absent_because),
            (facts, None)
        );
    }

    #[test]
    fn a_distribution_has_a_name_with_or_without_quotes() {
        assert_eq!(
            pretty_name("ID=x\nPRETTY_NAME=\"Debian GNU/Linux 13\"\n").as_deref(),
            Some("Debian GNU/Linux 13")
        );
        assert_eq!(pretty_name("PRETTY_NAME=Void\n").as_deref(), Some("Void"));
        assert_eq!(pretty_name("PRETTY_NAME=\n"), None);
        assert_eq!(pretty_name(""), None);
    }

    #[test]
    fn a_container_shows_in_its_groups() {
        assert_eq!(
            container_in("0::/kubepods.slice/x\n").as_deref(),
            Some("kubernetes")
        );
        assert_eq!(
            container_in("4:memory:/docker/abc\n").as_deref(),
            Some("docker")
        );
        assert_eq!(container_in("0::/system.slice/docker.service\n"), None);
        assert_eq!(container_in("0::/user.slice\n"), None);
    }
}
