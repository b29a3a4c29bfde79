//! The link of each card to the machine: its lanes and speed, and how much of its memory the processor sees.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::cards::Cards;
use super::gpu::folder;
use super::machine::Machine;
use super::worst::Worst;

pub(super) const LINK: About = About {
    topic: Topic::Gpu,
    name: "PCIe link",
    matters: "fewer lanes or a lower speed than card and slot can do point to a riser, a slot or a contact, which also lose cards (Xid 79)",
};

pub(super) const BAR: About = About {
    topic: Topic::Gpu,
    name: "Resizable BAR",
    matters: "it is a setting of the firmware: with it the processor reaches all of a card's memory at once; inference works without",
};

/// A card in use is at full speed.
const IN_USE_PERCENT: u32 = 20;

pub(super) fn link(cards: &Cards) -> Check {
    let mut worst = Worst::default();
    for card in cards.each() {
        let (gpu, Some(now)) = (card.gpu, card.now) else {
            continue;
        };
        let (Some(width), Some(generation)) = (now.pcie_width, now.pcie_generation) else {
            continue;
        };
        let most_width = gpu.pcie_width_max.unwrap_or(width);
        let most_generation = gpu.pcie_generation_max.unwrap_or(generation);
        let name = card.name();
        let seen = format!(
            "{name}: x{width} of x{most_width}, generation {generation} of {most_generation}"
        );
        let in_use = now
            .utilization_percent
            .is_some_and(|it| it >= IN_USE_PERCENT);
        let seat =
            "# seat the card and its riser again, look at the slot's lanes in the board's manual";
        if width < most_width {
            worst.doubtful(seen, &[seat]);
        } else if generation < most_generation && in_use {
            worst.doubtful(
                format!("{seen} while in use"),
                &[seat, "# or set the slot's speed in the firmware"],
            );
        } else if generation < most_generation {
            worst.good(format!("{seen} (idle cards go down; under load it counts)"));
        } else {
            worst.good(seen);
        }
    }
    worst.check_told(&LINK, "the cards do not tell")
}

pub(super) fn bar(machine: &Machine, cards: &Cards) -> Check {
    let mut worst = Worst::default();
    for card in cards.each() {
        let (Some(pci), Some(total)) = (&card.gpu.pci, card.gpu.memory_total_bytes) else {
            continue;
        };
        let resources = folder(pci).and_then(|it| machine.text(format!("{it}/resource")));
        let Some(bytes) = resources.and_then(|text| second_bar(&text)) else {
            continue;
        };
        let mib = |bytes: u64| bytes >> 20;
        let seen = format!(
            "{}: {} MiB of {} MiB in view",
            card.name(),
            mib(bytes),
            mib(total)
        );
        // It is a power of two, and what NVML counts is a little less than the card has.
        match bytes >= total {
            true => worst.good(format!("{seen}: on")),
            false => worst.good(format!(
                "{seen}: off (Above 4G Decoding and Re-Size BAR in the firmware turn it on)"
            )),
        }
    }
    worst.check_told(&BAR, "it cannot be seen from here")
}

/// The region through which the card's memory is seen: `START END FLAGS` in hexadecimal, a line each.
fn second_bar(text: &str) -> Option<u64> {
    let mut words = text.lines().nth(1)?.split_whitespace();
    let mut number = || u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok();
    let (start, end) = (number()?, number()?);
    (end > start).then(|| end - start + 1)
}

#[cfg(test)]
mod tests {
    use super::super::cards::one;
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::GpuSample;
    use crashpoint_reports::checkup::State;
    use crashpoint_reports::environment::Gpu;

    fn linked(width: u32, generation: u32, used: u32) -> Check {
        let gpu = Gpu {
            pcie_width_max: Some(16),
            pcie_generation_max: Some(4),
            ..Gpu::default()
        };
        let now = GpuSample {
            pcie_width: Some(width),
            pcie_generation: Some(generation),
            utilization_percent: Some(used),
            ..GpuSample::default()
        };
        link(&one(gpu, now, Default::default()))
    }

    #[test]
    fn lanes_count_always_and_speed_under_load() {
        assert_eq!(linked(16, 4, 0).state, State::Good);
        let idle = linked(16, 1, 0);
        assert!(
            idle.state == State::Good && idle.seen.contains("idle"),
            "{}",
            idle.seen
        );
        assert_eq!(linked(16, 1, 90).state, State::Doubtful);
        assert_eq!(linked(8, 4, 0).state, State::Doubtful);
    }

    #[test]
    fn the_second_region_shows_the_memory() {
        let card = "/sys/bus/pci/devices/0000:01:00.0";
        let small = "0x00000000a3000000 0x00000000a3ffffff 0x0000000000040200\n0x0000000090000000 0x000000009fffffff 0x000000000014220c\n";
        let other = Other::new("bar", &[(&format!("{card}/resource"), small)]);
        let gpu = Gpu {
            pci: Some("00000000:01:00.0".into()),
            memory_total_bytes: Some(24 << 30),
            ..Gpu::default()
        };
        let cards = one(gpu, Default::default(), Default::default());
        let found = bar(&other.machine, &cards);
        assert!(
            found.seen.contains("256 MiB of 24576 MiB in view: off"),
            "{}",
            found.seen
        );
        let large = "0x0 0x0 0x0\n0x0000006000000000 0x00000067ffffffff 0x000000000014220c\n";
        other.put(&format!("{card}/resource"), large);
        assert!(bar(&other.machine, &cards).seen.ends_with(": on"));
        for text in ["", "x", "0x0 0x0\n0x5 0x1\n"] {
            assert_eq!(second_bar(text), None);
        }
    }
}
