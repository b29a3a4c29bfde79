//! Whether the GPU's driver answers.

use std::time::Duration;

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::machine::Machine;
use crate::gpu::{Client, Command, Outcome, Question, Reply};

pub(super) const ABOUT: About = About {
    topic: Topic::Worker,
    name: "GPU",
    matters: "its memory, power and temperature are the first suspects, and its driver tells them",
};

/// A driver that loads for the first question takes seconds.
const ANSWERS: Duration = Duration::from_secs(8);
const DEVICES: &str = "/sys/bus/pci/devices";
const NVIDIA: &str = "0x10de";
/// The base class of display controllers, 3D ones included.
const DISPLAY: &str = "0x03";

pub(super) fn ask(probe: Command) -> Outcome {
    Client::new(probe).ask(Question::Facts {}, ANSWERS)
}

pub(super) fn check(machine: &Machine, answer: Outcome) -> Check {
    let why = match answer {
        Outcome::Reply(Reply::Facts(facts)) => {
            let driver = facts.driver_version.as_deref().unwrap_or("unknown");
            let named = facts
                .gpus
                .iter()
                .map(|gpu| gpu.name.as_deref().unwrap_or(&gpu.uuid));
            let names = named.collect::<Vec<_>>().join(", ");
            return ABOUT.good(format!("driver {driver}: {names}"));
        }
        Outcome::Reply(Reply::Absent { because })
        | Outcome::Absent { because }
        | Outcome::Ended { because } => because,
        Outcome::Reply(Reply::Error { message }) => message,
        Outcome::Reply(Reply::Read(_)) => "it answered another question".to_owned(),
        Outcome::Silent => format!("no answer within {} s", ANSWERS.as_secs()),
    };
    let on_the_bus = on_the_bus(machine);
    if on_the_bus.is_empty() {
        return ABOUT.good(format!(
            "none of NVIDIA's on the PCI bus ({why}): the CPU can be used"
        ));
    }
    ABOUT.bad(
        format!(
            "{} on the PCI bus, but the driver does not answer: {why}",
            on_the_bus.join(", ")
        ),
        &["nvidia-smi", "sudo dmesg | grep -iE 'nvrm|xid|nouveau'"],
    )
}

fn on_the_bus(machine: &Machine) -> Vec<String> {
    let mut addresses = machine.names(DEVICES).unwrap_or_default();
    let is = |address: &str, file: &str, begin: &str| {
        let text = machine.text(format!("{DEVICES}/{address}/{file}"));
        text.is_some_and(|text| text.starts_with(begin))
    };
    addresses.retain(|address| is(address, "vendor", NVIDIA) && is(address, "class", DISPLAY));
    addresses
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn a_card_without_its_driver_is_bad_and_no_card_is_not() {
        let other = Other::new("gpu", &[]);
        let answer = || Outcome::Absent {
            because: "no driver".into(),
        };
        assert_eq!(check(&other.machine, answer()).state, State::Good);
        let card = "/sys/bus/pci/devices/0000:01:00.0";
        other.put(&format!("{card}/vendor"), "0x10de\n");
        // Its audio function alone is no GPU.
        other.put(&format!("{card}/class"), "0x040300\n");
        assert_eq!(check(&other.machine, answer()).state, State::Good);
        other.put(&format!("{card}/class"), "0x030000\n");
        let found = check(&other.machine, answer());
        assert_eq!(found.state, State::Bad);
        assert!(found.seen.contains("0000:01:00.0"), "{}", found.seen);
        let facts = Outcome::Reply(Reply::Facts(Default::default()));
        assert_eq!(check(&other.machine, facts).state, State::Good);
    }
}
