//! The nodes through which programs reach a GPU: whether they are there, lead to the driver, and may be opened.

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::process::Command;
use std::time::Duration;

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::gpu::on_the_bus;
use super::machine::Machine;
use super::worst::Worst;
use crate::bounded;

pub(super) const ABOUT: About = About {
    topic: Topic::Gpu,
    name: "device nodes",
    matters: "CUDA opens them; without nvidia-uvm, or without the right to, it finds no GPU",
};

const ANSWERS: Duration = Duration::from_secs(3);
const MOST_BYTES: u64 = 4096;
/// Fixed by the driver for all but nvidia-uvm, whose number the kernel gives (`/proc/devices`).
const MAJOR: u32 = 195;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub name: String,
    pub major: u32,
    pub mode: u32,
    /// Why it cannot be opened.
    pub refused: Option<String>,
}

/// Opened by a process of its own: a driver that hangs keeps whoever opens it.
pub(super) fn nodes(machine: &Machine) -> Vec<Node> {
    let names = machine.names("/dev").unwrap_or_default();
    let wanted = names.iter().filter(|name| {
        let rest = name.strip_prefix("nvidia");
        rest.is_some_and(|it| ["ctl", "-uvm"].contains(&it) || it.parse::<u32>().is_ok())
    });
    wanted
        .filter_map(|name| {
            let path = machine.path(format!("/dev/{name}"));
            let meta = path.metadata().ok()?;
            if !meta.file_type().is_char_device() {
                return None;
            }
            let mut open = Command::new("sh");
            open.args(["-c", r#"(exec 3<>"$0") 2>&1; true"#]).arg(&path);
            let answer = bounded::output(&mut open, ANSWERS, MOST_BYTES);
            let refused = match answer {
                Ok(text) if text.trim().is_empty() => None,
                // `sh: 1: cannot open /dev/nvidia0: Operation not permitted`.
                Ok(text) => Some(
                    text.trim()
                        .rsplit(": ")
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                ),
                Err(why) => Some(why),
            };
            Some(Node {
                name: name.clone(),
                major: major(meta.rdev()),
                mode: meta.mode() & 0o777,
                refused,
            })
        })
        .collect()
}

fn major(device: u64) -> u32 {
    u32::try_from(nix::sys::stat::major(device)).unwrap_or(u32::MAX)
}

/// `devices` is the text of a v1 control group's list.
pub(super) fn check(machine: &Machine, nodes: &[Node], devices: Option<&str>) -> Check {
    let is_expected =
        !on_the_bus(machine).is_empty() || machine.exists("/proc/driver/nvidia/version");
    if nodes.is_empty() && !is_expected {
        return ABOUT.good("none, as there is no GPU of NVIDIA's and no driver");
    }
    let mut worst = Worst::default();
    for wanted in ["nvidiactl", "nvidia-uvm", "nvidia0"] {
        if !nodes.iter().any(|node| node.name == wanted) && (wanted != "nvidia0" || nodes.len() < 3)
        {
            worst.bad(
                format!("no /dev/{wanted}"),
                &[
                    "sudo nvidia-modprobe -u -c 0  # and enable nvidia-persistenced, which makes them at boot",
                    "# in a container: docker run --gpus all; in a unit: PrivateDevices=no",
                ],
            );
        }
    }
    let uvm = machine
        .text("/proc/devices")
        .and_then(|text| of_devices(&text, "nvidia-uvm"));
    for node in nodes {
        let name = &node.name;
        let shown = format!("/dev/{name} (mode {:o})", node.mode);
        let right = if name == "nvidia-uvm" {
            uvm
        } else {
            Some(MAJOR)
        };
        match (&node.refused, right) {
            (_, Some(right)) if right != node.major => worst.bad(
                format!("/dev/{name} has the major number {}, and the driver {right}", node.major),
                &["sudo rm /dev/nvidia-uvm* && sudo nvidia-modprobe -u -c 0  # in a container: make it again"],
            ),
            (Some(why), _) => {
                let groups = devices.is_some_and(|list| !allows(list, node.major));
                let why = match (why.as_str(), groups) {
                    ("Operation not permitted", _) | (_, true) => {
                        format!("{why}: forbidden by the control group")
                    }
                    _ => why.clone(),
                };
                worst.bad(
                    format!("{shown} cannot be opened: {why}"),
                    &[
                        "sudo usermod -aG video,render $USER  # and log in again; or: options nvidia NVreg_DeviceFileMode=0666",
                        "# in a unit: DevicePolicy=auto, or DeviceAllow=/dev/nvidia0 rw and so on; in a container: --gpus all",
                    ],
                );
            }
            (None, _) => worst.good(shown),
        }
    }
    worst.check(&ABOUT, "none")
}

/// `511 nvidia-uvm`.
fn of_devices(text: &str, name: &str) -> Option<u32> {
    text.lines().find_map(|line| {
        let (number, of) = line.trim().split_once(' ')?;
        (of == name).then(|| number.parse().ok()).flatten()
    })
}

/// `a *:* rwm`, `c 195:* rwm`.
fn allows(list: &str, major: u32) -> bool {
    list.lines().any(|line| {
        let mut words = line.split_whitespace();
        let (kind, number) = (words.next(), words.next().unwrap_or_default());
        let of = number.split(':').next().unwrap_or_default();
        kind == Some("a") || (kind == Some("c") && (of == "*" || of == major.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;

    fn node(name: &str, major: u32, refused: Option<&str>) -> Node {
        Node {
            name: name.to_owned(),
            major,
            mode: 0o666,
            refused: refused.map(str::to_owned),
        }
    }

    #[test]
    fn nodes_are_asked_for_where_there_is_a_driver() {
        let other = Other::new(
            "nodes",
            &[(
                "/proc/devices",
                "Character devices:\n195 nvidia\n511 nvidia-uvm\n",
            )],
        );
        let machine = &other.machine;
        assert_eq!(check(machine, &nodes(machine), None).state, State::Good);
        other.put("/proc/driver/nvidia/version", "NVRM version: x  570.1  y");
        let missing = check(machine, &[], None);
        assert_eq!(missing.state, State::Bad);
        assert!(
            missing.seen.contains("no /dev/nvidia-uvm"),
            "{}",
            missing.seen
        );
        let three = |uvm: u32, refused: Option<&str>| {
            [
                node("nvidia0", 195, refused),
                node("nvidiactl", 195, None),
                node("nvidia-uvm", uvm, None),
            ]
        };
        assert_eq!(check(machine, &three(511, None), None).state, State::Good);
        let stale = check(machine, &three(510, None), None);
        assert!(stale.seen.contains("major number 510"), "{}", stale.seen);
        let denied = check(machine, &three(511, Some("Permission denied")), None);
        assert!(
            denied.seen.contains("Permission denied") && !denied.seen.contains("group"),
            "{}",
            denied.seen
        );
        for (why, list) in [
            ("Operation not permitted", None),
            ("Permission denied", Some("c 1:* rwm")),
        ] {
            let found = check(machine, &three(511, Some(why)), list);
            assert!(found.seen.contains("control group"), "{}", found.seen);
            assert_eq!(found.state, State::Bad);
        }
    }

    #[test]
    fn a_list_of_devices_allows_by_number_or_all() {
        assert!(allows("a *:* rwm", 195) && allows("c 195:0 rwm", 195) && allows("c *:* m", 195));
        assert!(!allows("c 1:3 rwm\nb 195:* rwm", 195));
    }
}
