//! Settings that keep a service from what it needs: the GPU's device nodes, its model, its caches.

use std::path::Path;

use super::read::{Setting, Unit, is_true, words};
use crate::service::evidence::Evidence;
use crate::service::finding::Findings;

pub fn check(unit: &Unit, evidence: &Evidence, findings: &mut Findings<'_>) {
    devices(unit, evidence, findings);
    homes(unit, findings);
    caches(unit, findings);
}

fn devices(unit: &Unit, evidence: &Evidence, findings: &mut Findings<'_>) {
    if let Some(private) = unit
        .service("PrivateDevices")
        .filter(|it| is_true(&it.value))
    {
        let message = format!(
            "PrivateDevices={} leaves no /dev/nvidia* for a service on a GPU ({})",
            private.value, evidence.because
        );
        findings.add("private-devices", &private.lines, message);
    }
    let allowed = unit.list("Service", "DeviceAllow");
    for setting in &allowed {
        if let Some(path) = words(&setting.value).first().filter(|it| is_glob(it)) {
            let message = format!(
                "DeviceAllow={path} names no device: only char- and block- groups take wildcards"
            );
            findings.add("device-allow-glob", &setting.lines, message);
        }
    }
    let policy = unit.service("DevicePolicy");
    let closed = policy.is_some_and(|it| matches!(it.value.as_str(), "closed" | "strict"));
    let nvidia = allowed.iter().any(|it| it.value.contains("nvidia"));
    let amd = allowed.iter().any(|it| it.value.contains("/dev/kfd"));
    let at = match (policy, allowed.first()) {
        (Some(policy), _) if closed => policy,
        // A list of the GPU's own nodes is meant to be complete; one of others closes the rest.
        (_, Some(first)) => first,
        _ => return,
    };
    if amd
        || allowed
            .iter()
            .any(|it| is_glob(it.value.split(' ').next().unwrap_or_default()))
    {
        return;
    }
    if !nvidia {
        let message = format!(
            "{}={} shuts out /dev/nvidia* for a service on a GPU ({})",
            at.key, at.value, evidence.because
        );
        findings.add("device-policy", &at.lines, message);
        return;
    }
    let missing: Vec<&str> = [
        ("/dev/nvidiactl", "nvidia"),
        ("/dev/nvidia-uvm", "nvidia-uvm"),
    ]
    .into_iter()
    .filter(|(node, group)| !allowed.iter().any(|it| allows(it, node, group)))
    .map(|(node, _)| node)
    .collect();
    if !missing.is_empty() {
        let message = format!(
            "DeviceAllow= leaves out {}, without which CUDA does not begin",
            missing.join(" and ")
        );
        findings.add("device-policy", &at.lines, message);
    }
}

fn is_glob(specifier: &str) -> bool {
    specifier.starts_with("/dev/") && specifier.contains(['*', '?', '['])
}

/// Of a group the name is enough, with or without wildcards.
fn allows(setting: &Setting, node: &str, group: &str) -> bool {
    let specifier = setting.value.split_whitespace().next().unwrap_or_default();
    match specifier.strip_prefix("char-") {
        Some("nvidia-frontend" | "nvidiactl") => group == "nvidia",
        Some(pattern) => match pattern.strip_suffix('*') {
            Some(start) => group.starts_with(start),
            None => pattern == group,
        },
        None => specifier == node,
    }
}

/// What the service starts or works in, under a home that it cannot see.
fn homes(unit: &Unit, findings: &mut Findings<'_>) {
    let Some(protect) = unit.service("ProtectHome") else {
        return;
    };
    if !(is_true(&protect.value) || protect.value == "tmpfs") {
        return;
    }
    let shown: Vec<String> = ["BindPaths", "BindReadOnlyPaths", "ReadWritePaths"]
        .iter()
        .flat_map(|key| unit.list("Service", key))
        .flat_map(|it| words(&it.value))
        .collect();
    if !shown.is_empty() {
        return;
    }
    let settings = ["ExecStart", "WorkingDirectory", "Environment"];
    for setting in settings.iter().flat_map(|key| unit.list("Service", key)) {
        let hidden = words(&setting.value).into_iter().find_map(|word| {
            let value = word
                .split_once('=')
                .map_or(word.as_str(), |(_, value)| value);
            let path = value
                .trim_start_matches(['-', '@', ':', '+', '!'])
                .split(':')
                .next()?;
            let is_home = |it: &&str| {
                ["/home/", "/root/", "/run/user/"]
                    .iter()
                    .any(|home| it.starts_with(home))
            };
            Some(path).filter(is_home).map(str::to_owned)
        });
        if let Some(path) = hidden {
            let message = format!(
                "ProtectHome={} hides {path}, which {}= names in line {}",
                protect.value,
                setting.key,
                setting.lines.start()
            );
            findings.add("protect-home", &protect.lines, message);
            return;
        }
    }
}

/// Where kernels and models are kept unless told otherwise, on a file system that is read-only.
fn caches(unit: &Unit, findings: &mut Findings<'_>) {
    let strict = unit
        .service("ProtectSystem")
        .filter(|it| it.value == "strict");
    let home = unit
        .service("ProtectHome")
        .filter(|it| it.value == "read-only");
    let Some(setting) = strict.or(home) else {
        return;
    };
    let writable = [
        "ReadWritePaths",
        "CacheDirectory",
        "StateDirectory",
        "BindPaths",
        "RuntimeDirectory",
    ]
    .iter()
    .any(|key| !unit.list("Service", key).is_empty());
    let moved = unit.list("Service", "Environment").iter().any(|it| {
        [
            "CUDA_CACHE_PATH",
            "CUDA_CACHE_DISABLE",
            "XDG_CACHE_HOME",
            "HOME=",
        ]
        .iter()
        .any(|name| it.value.contains(name))
    });
    let dynamic = unit
        .service("DynamicUser")
        .is_some_and(|it| is_true(&it.value));
    if writable || moved || dynamic {
        return;
    }
    let home = unit
        .service("User")
        .map_or(Path::new("/root").into(), |it| {
            Path::new("/home").join(&it.value)
        });
    let message = format!(
        "{}={} leaves nowhere to write the caches of kernels and models ({}/.nv/ComputeCache, {}/.cache)",
        setting.key,
        setting.value,
        home.display(),
        home.display()
    );
    findings.add("protect-system", &setting.lines, message);
}
