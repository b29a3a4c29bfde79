//! Whether the GPU's driver answers.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::cards::Cards;
use super::machine::Machine;

pub(super) const ABOUT: About = About {
    topic: Topic::Gpu,
    name: "GPU",
    matters: "its memory, power and temperature are the first suspects, and its driver tells them",
};

const DEVICES: &str = "/sys/bus/pci/devices";
const NVIDIA: &str = "0x10de";
/// The base class of display controllers, 3D ones included.
const DISPLAY: &str = "0x03";

pub(super) fn check(machine: &Machine, cards: &Cards) -> Check {
    let Some(why) = &cards.absent_because else {
        let driver = cards.facts.driver_version.as_deref().unwrap_or("unknown");
        let named = cards
            .each()
            .map(|card| card.gpu.name.as_ref().unwrap_or(&card.gpu.uuid));
        let names = named.cloned().collect::<Vec<_>>().join(", ");
        return ABOUT.good(format!("driver {driver}: {names}"));
    };
    let on_the_bus = on_the_bus(machine);
    if on_the_bus.is_empty() {
        return ABOUT.good(format!(
            "none of NVIDIA's on the PCI bus ({why}): the CPU can be used; persistence, power, PCIe links, memory errors and temperatures were not looked at"
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

/// Addresses of NVIDIA's cards.
pub(super) fn on_the_bus(machine: &Machine) -> Vec<String> {
    let mut addresses = machine.names(DEVICES).unwrap_or_default();
    let is = |address: &str, file: &str, begin: &str| {
        let text = machine.text(format!("{DEVICES}/{address}/{file}"));
        text.is_some_and(|text| text.starts_with(begin))
    };
    addresses.retain(|address| is(address, "vendor", NVIDIA) && is(address, "class", DISPLAY));
    addresses
}

/// Where sysfs has a card; NVML writes its domain with eight digits.
pub(super) fn folder(pci: &str) -> Option<String> {
    let (domain, rest) = pci.split_once(':')?;
    let domain = u32::from_str_radix(domain, 16).ok()?;
    let rest = rest.to_ascii_lowercase();
    let plain = rest
        .bytes()
        .all(|it| it.is_ascii_hexdigit() || it == b':' || it == b'.');
    plain.then(|| format!("{DEVICES}/{domain:04x}:{rest}"))
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn a_card_without_its_driver_is_bad_and_no_card_is_not() {
        let other = Other::new("gpu", &[]);
        let absent = Cards::absent("no driver".into());
        assert_eq!(check(&other.machine, &absent).state, State::Good);
        let card = "/sys/bus/pci/devices/0000:01:00.0";
        other.put(&format!("{card}/vendor"), "0x10de\n");
        // Its audio function alone is no GPU.
        other.put(&format!("{card}/class"), "0x040300\n");
        assert_eq!(check(&other.machine, &absent).state, State::Good);
        other.put(&format!("{card}/class"), "0x030000\n");
        let found = check(&other.machine, &absent);
        assert_eq!(found.state, State::Bad);
        assert!(found.seen.contains("0000:01:00.0"), "{}", found.seen);
        assert_eq!(check(&other.machine, &Cards::default()).state, State::Good);
    }

    #[test]
    fn nvmls_address_leads_to_sysfs() {
        assert_eq!(
            folder("00000000:65:00.0").as_deref(),
            Some("/sys/bus/pci/devices/0000:65:00.0")
        );
        assert_eq!(
            folder("00000001:C1:00.0").as_deref(),
            Some("/sys/bus/pci/devices/0001:c1:00.0")
        );
        assert_eq!(folder("00000000:../../x"), None);
    }
}
