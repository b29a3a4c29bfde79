//! Kubernetes objects that hold a pod: pods, and whatever makes pods of a template.

use super::{By, Container, Gpus, MOST, Shared};
use crate::service::evidence;
use crate::service::finding::{Findings, Lines};
use crate::service::quantity;
use crate::service::variable::Variable;
use crate::service::yaml::Node;

const GPU: &str = "nvidia.com/gpu";

pub fn containers(object: &Node, findings: &mut Findings<'_>) -> Vec<Container> {
    let pod = match object.get("kind").and_then(Node::text) {
        Some("Pod") => object.get("spec"),
        Some("Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job") => {
            object.at(&["spec", "template", "spec"])
        }
        Some("CronJob") => object.at(&["spec", "jobTemplate", "spec", "template", "spec"]),
        _ => None,
    };
    let Some(pod) = pod else {
        return Vec::new();
    };
    let containers = pod.get("containers").map(Node::list).unwrap_or_default();
    let mut list = Vec::new();
    for node in containers.iter().take(MOST) {
        let container = Container {
            by: By::Kubernetes,
            lines: node.lines_of("name"),
            image: node.get("image").and_then(Node::text).map(str::to_owned),
            command: command(node),
            variables: variables(node, findings),
            gpus: gpus(pod, node, findings),
            shared_memory: shared_memory(pod, node),
            memory: memory(node),
        };
        liveness(node, &container, findings);
        list.push(container);
    }
    list
}

fn command(node: &Node) -> Vec<String> {
    ["command", "args"]
        .iter()
        .filter_map(|key| node.get(key))
        .flat_map(Node::list)
        .filter_map(|it| it.text().map(str::to_owned))
        .collect()
}

fn variables(node: &Node, findings: &mut Findings<'_>) -> Vec<Variable> {
    let mut variables = Vec::new();
    let entries = node.get("env").map(Node::list).unwrap_or_default();
    for entry in entries.iter().take(MOST) {
        let (Some(name), Some(value)) =
            (entry.get("name").and_then(Node::text), entry.get("value"))
        else {
            continue;
        };
        let text = value.text().unwrap_or_default();
        if value.is_no_string() {
            let message = format!(
                "the value {text} of {name} is no string, and Kubernetes refuses the object"
            );
            findings.add_with("env-not-a-string", &value.lines, message, |it| {
                it.fix = format!("value: \"{text}\"");
            });
        }
        variables.push(Variable {
            name: name.to_owned(),
            value: text.to_owned(),
            literal: !text.contains("$(") && !text.contains("{{"),
            lines: value.lines.clone(),
        });
    }
    variables
}

fn gpus(pod: &Node, node: &Node, findings: &mut Findings<'_>) -> Gpus {
    let limit = node.at(&["resources", "limits", GPU]);
    let request = node.at(&["resources", "requests", GPU]);
    let refuse = |at: &Node, why: String, findings: &mut Findings<'_>| {
        findings.add("gpu-request-refused", &at.lines, why);
    };
    match (limit, request) {
        (None, Some(request)) => {
            refuse(
                request,
                format!("{GPU} under requests alone: a limit must be set"),
                findings,
            );
        }
        (Some(limit), Some(request)) if limit.text() != request.text() => {
            refuse(
                request,
                format!("{GPU} must be the same under requests and limits"),
                findings,
            );
        }
        _ => {}
    }
    if let Some(limit) = limit {
        let text = limit.text().unwrap_or_default();
        if text.contains('.') && text.parse::<f64>().is_ok_and(|it| it.fract() != 0.0) {
            refuse(
                limit,
                format!("{GPU}: {text}: only whole GPUs can be asked for"),
                findings,
            );
        }
        return match text.parse() {
            Ok(0) => Gpus::None,
            Ok(count) => Gpus::Count(count),
            Err(_) => Gpus::All,
        };
    }
    // Slices of a card, other makers' devices, claims, or a node's own way of handing GPUs out.
    let resources = ["limits", "requests"]
        .iter()
        .filter_map(|key| node.at(&["resources", key]));
    let other = resources
        .flat_map(Node::pairs)
        .filter_map(|(key, _)| key.text())
        .any(|key| key.contains('/') || key.contains("gpu"));
    let claims = pod.get("resourceClaims").is_some() || node.at(&["resources", "claims"]).is_some();
    let by_runtime = pod.get("runtimeClassName").is_some();
    let privileged = node
        .at(&["securityContext", "privileged"])
        .and_then(Node::text)
        == Some("true");
    match request.is_some() || other || claims || by_runtime || privileged {
        true => Gpus::All,
        false => Gpus::None,
    }
}

fn shared_memory(pod: &Node, node: &Node) -> Shared {
    let host = pod.get("hostIPC").and_then(Node::text) == Some("true");
    let mounts = node.get("volumeMounts").map(Node::list).unwrap_or_default();
    let mount = mounts.iter().find(|it| {
        it.get("mountPath")
            .and_then(Node::text)
            .is_some_and(|it| it.trim_end_matches('/') == "/dev/shm")
    });
    let Some(name) = mount.and_then(|it| it.get("name")).and_then(Node::text) else {
        return match host || mount.is_some() {
            true => Shared::Large,
            false => Shared::Default,
        };
    };
    let volumes = pod.get("volumes").map(Node::list).unwrap_or_default();
    let volume = volumes
        .iter()
        .find(|it| it.get("name").and_then(Node::text) == Some(name));
    let limit = volume.and_then(|it| it.at(&["emptyDir", "sizeLimit"]));
    match limit.and_then(|it| Some((quantity::kubernetes(it.text()?)?, it.lines.clone()))) {
        Some((bytes, lines)) => Shared::Size(bytes, lines),
        None => Shared::Large,
    }
}

fn memory(node: &Node) -> Option<(u64, Lines)> {
    let limit = node.at(&["resources", "limits", "memory"])?;
    let bytes = limit
        .text()
        .and_then(quantity::kubernetes)
        .unwrap_or(u64::MAX);
    Some((bytes, limit.lines.clone()))
}

/// Shorter than a server of a model of some size is ready in.
const READY: u64 = 60;

/// Kubernetes ends what does not answer in time, whether or not it is still loading.
fn liveness(node: &Node, container: &Container, findings: &mut Findings<'_>) {
    let Some(probe) = node
        .get("livenessProbe")
        .filter(|_| node.get("startupProbe").is_none())
    else {
        return;
    };
    let image = container.image.as_deref().unwrap_or_default();
    let served =
        evidence::of_command(&container.command, None).or_else(|| evidence::of_image(image));
    let Some(server) = served.and_then(|it| it.server).filter(|it| it.loads_first) else {
        return;
    };
    let number = |key: &str, default: u64| match probe.get(key) {
        None => Some(default),
        Some(value) => value.text()?.parse().ok(),
    };
    let times = (
        number("initialDelaySeconds", 0),
        number("periodSeconds", 10),
        number("failureThreshold", 3),
    );
    let (Some(delay), Some(period), Some(failures)) = times else {
        return;
    };
    let all = delay.saturating_add(period.saturating_mul(failures));
    if all < READY {
        let message = format!(
            "{} is ended after {all} s if it does not answer, and there is no startupProbe",
            server.name
        );
        findings.add(
            "liveness-before-ready",
            &node.lines_of("livenessProbe"),
            message,
        );
    }
}
