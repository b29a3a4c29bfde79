//! Compose files.

use super::{By, Container, Gpus, MOST, Shared};
use crate::service::finding::Findings;
use crate::service::quantity;
use crate::service::shell;
use crate::service::variable::Variable;
use crate::service::yaml::Node;

/// Nothing of a file without services that have an image or are built.
pub fn containers(document: &Node, findings: &mut Findings<'_>) -> Vec<Container> {
    let services = document
        .get("services")
        .map(Node::pairs)
        .unwrap_or_default();
    services
        .iter()
        .take(MOST)
        .filter(|(_, it)| {
            it.get("image")
                .or_else(|| it.get("build"))
                .or_else(|| it.get("extends"))
                .is_some()
        })
        .map(|(name, service)| Container {
            by: By::Compose,
            lines: name.lines.clone(),
            image: service.get("image").and_then(Node::text).map(str::to_owned),
            command: command(service),
            variables: variables(service, findings),
            gpus: gpus(service, findings),
            shared_memory: shared_memory(service),
            memory: memory(service),
        })
        .collect()
}

fn command(service: &Node) -> Vec<String> {
    ["entrypoint", "command"]
        .iter()
        .filter_map(|key| service.get(key))
        .flat_map(words)
        .collect()
}

fn words(node: &Node) -> Vec<String> {
    match node.text() {
        Some(text) => shell::commands(text)
            .iter()
            .flat_map(|it| it.words.iter().map(|word| word.text.clone()))
            .collect(),
        None => node
            .list()
            .iter()
            .filter_map(|it| it.text().map(str::to_owned))
            .collect(),
    }
}

fn variables(service: &Node, findings: &mut Findings<'_>) -> Vec<Variable> {
    let Some(environment) = service.get("environment") else {
        return Vec::new();
    };
    let of = |name: &str, value: &str, node: &Node| Variable {
        name: name.to_owned(),
        value: value.to_owned(),
        literal: !value.contains('$'),
        lines: node.lines.clone(),
    };
    let mut variables = Vec::new();
    for item in environment.list().iter().take(MOST) {
        let Some((name, value)) = item.text().and_then(|it| it.split_once('=')) else {
            continue;
        };
        let quoted = ['"', '\'']
            .into_iter()
            .find(|&quote| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote));
        match quoted {
            Some(quote) => {
                let message = format!(
                    "{name} is {value} with its quotes: in a list they are letters of the value"
                );
                findings.add_with("quotes-kept", &item.lines, message, |it| {
                    it.fix = format!("- {name}={}", value.trim_matches(quote));
                });
            }
            None => variables.push(of(name, value, item)),
        }
    }
    for (name, value) in environment.pairs().iter().take(MOST) {
        if let (Some(name), Some(text)) = (name.text(), value.text()) {
            variables.push(of(name, text, value));
        }
    }
    variables
}

fn gpus(service: &Node, findings: &mut Findings<'_>) -> Gpus {
    let devices = service
        .at(&["deploy", "resources", "reservations", "devices"])
        .or_else(|| service.get("gpus").filter(|it| !it.list().is_empty()));
    let reserved = devices.map(Node::list).unwrap_or_default();
    for device in reserved {
        let is_nvidia = device.get("driver").and_then(Node::text) == Some("nvidia");
        if device.get("capabilities").is_none() && is_nvidia && service.get("gpus").is_none() {
            let message =
                "a reservation of devices without capabilities, which Compose refuses".to_owned();
            findings.add_with("gpu-request-refused", &device.lines, message, |it| {
                it.fix = "capabilities: [gpu]".to_owned();
            });
        }
        if device.get("count").is_some() && device.get("device_ids").is_some() {
            let message =
                "count and device_ids in one reservation, of which Compose takes one".to_owned();
            findings.add_with(
                "gpu-request-refused",
                &device.lines_of("count"),
                message,
                |it| {
                    it.fix = "Leave out count, or device_ids.".to_owned();
                },
            );
        }
    }
    let is_gpu = |it: &&std::rc::Rc<Node>| {
        it.get("driver").and_then(Node::text) == Some("nvidia")
            || it.get("capabilities").is_none()
            || it.get("capabilities").is_some_and(|it| {
                it.list()
                    .iter()
                    .any(|it| matches!(it.text(), Some("gpu" | "nvidia" | "compute")))
            })
    };
    if let Some(device) = reserved.iter().find(is_gpu) {
        if let Some(ids) = device.get("device_ids") {
            let ids = ids
                .list()
                .iter()
                .filter_map(|it| it.text().map(str::to_owned))
                .collect();
            return Gpus::Named(ids);
        }
        let count = device
            .get("count")
            .and_then(Node::text)
            .and_then(|it| it.parse().ok());
        return count.filter(|&it| it > 0).map_or(Gpus::All, Gpus::Count);
    }
    let by_runtime = service.get("runtime").and_then(Node::text) == Some("nvidia");
    let by_device = service.get("devices").is_some_and(|it| {
        it.list().iter().any(|it| {
            it.text().is_some_and(|it| it.contains("nvidia")) || it.get("source").is_some()
        })
    });
    // What a base service, a profile or a file beside this one adds cannot be seen from here.
    let elsewhere = service.get("extends").is_some();
    let privileged = service.get("privileged").and_then(Node::text) == Some("true");
    match service.get("gpus").is_some() || by_runtime || by_device || elsewhere || privileged {
        true => Gpus::All,
        false => Gpus::None,
    }
}

fn shared_memory(service: &Node) -> Shared {
    let shares = service
        .get("ipc")
        .and_then(Node::text)
        .is_some_and(|it| it != "private" && it != "none");
    let mounts = ["volumes", "tmpfs"]
        .iter()
        .filter_map(|key| service.get(key))
        .any(|it| {
            let on_it = |node: &Node| {
                node.text().is_some_and(|it| it.contains("/dev/shm"))
                    || node.get("target").and_then(Node::text) == Some("/dev/shm")
            };
            on_it(it) || it.list().iter().any(|it| on_it(it))
        });
    if shares || mounts || service.get("extends").is_some() {
        return Shared::Large;
    }
    match service.get("shm_size") {
        None => Shared::Default,
        Some(size) => match size.text().and_then(quantity::binary) {
            Some(bytes) => Shared::Size(bytes, size.lines.clone()),
            None => Shared::Large,
        },
    }
}

fn memory(service: &Node) -> Option<(u64, crate::service::finding::Lines)> {
    let limit = service
        .at(&["deploy", "resources", "limits", "memory"])
        .or_else(|| service.get("mem_limit"))?;
    let bytes = limit.text().and_then(quantity::binary).unwrap_or(u64::MAX);
    Some((bytes, limit.lines.clone()))
}
