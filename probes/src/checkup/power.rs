//! What the cards may draw: each against its default, and all together against the power supply.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::cards::Cards;
use super::machine::Machine;
use super::worst::Worst;

pub(super) const LIMIT: About = About {
    topic: Topic::Gpu,
    name: "power limit",
    matters: "a machine whose supply is at its end resets under load, and a lower limit is the cheapest test of it",
};

pub(super) const SUPPLY: About = About {
    topic: Topic::Gpu,
    name: "power supply",
    matters: "for milliseconds a card draws up to twice its limit; a supply without room for that switches off, and the machine is gone without a trace",
};

/// Board, memory, disks, fans.
const REST_WATTS: u64 = 75;
/// Where the processor does not say.
const PROCESSOR_WATTS: u64 = 150;
/// The long-term limit of the first package (Documentation/power/powercap/powercap.rst).
const PACKAGE: &str = "/sys/class/powercap/intel-rapl:0/constraint_0_power_limit_uw";
/// Of a supply's power: above it spikes have no room.
const COMFORTABLE_PERCENT: u64 = 80;

pub(super) fn limit(cards: &Cards) -> Check {
    let mut worst = Worst::default();
    for card in cards.each() {
        let gpu = card.gpu;
        let Some(now) = gpu.power_limit_milliwatts else {
            continue;
        };
        let watts = |milliwatts: u64| milliwatts / 1000;
        let name = card.name();
        match gpu.power_limit_default_milliwatts {
            Some(default) if now > default => worst.doubtful(
                format!(
                    "{name}: {} W, above its default of {} W",
                    watts(now),
                    watts(default)
                ),
                &[&format!(
                    "sudo nvidia-smi -i {} -pl {}",
                    gpu.index,
                    watts(default)
                )],
            ),
            Some(default) if now < default => worst.good(format!(
                "{name}: {} W, below its default of {} W",
                watts(now),
                watts(default)
            )),
            Some(_) => worst.good(format!("{name}: {} W, its default", watts(now))),
            None => worst.good(format!("{name}: {} W", watts(now))),
        }
    }
    worst.check_told(&LIMIT, "the cards do not tell")
}

/// `supply` as somebody said.
pub(super) fn supply(machine: &Machine, cards: &Cards, supply: u64) -> Check {
    let limits: Vec<u64> = cards
        .each()
        .filter_map(|card| card.gpu.power_limit_milliwatts)
        .collect();
    if limits.is_empty() {
        return SUPPLY.not_readable("no card tells its power limit", &["nvidia-smi -q -d POWER"]);
    }
    let cards_watts = limits.iter().sum::<u64>() / 1000;
    let told = machine
        .number(PACKAGE)
        .and_then(|it| u64::try_from(it / 1_000_000).ok());
    let processor = told.filter(|&it| it > 0);
    let (processor, how) = match processor {
        Some(watts) => (watts, "its own limit"),
        None => (PROCESSOR_WATTS, "assumed"),
    };
    let sum = cards_watts + processor + REST_WATTS;
    let seen = format!(
        "{} up to {cards_watts} W, processor {processor} W ({how}), the rest {REST_WATTS} W (assumed): {sum} of {supply} W, without spikes",
        match limits.len() {
            1 => "1 card".to_owned(),
            n => format!("{n} cards"),
        }
    );
    let lower = format!(
        "sudo nvidia-smi -pl {}  # for each card; then see whether it still resets",
        (limits.iter().max().unwrap_or(&0) / 1000) * 7 / 10
    );
    let remedy = [
        lower.as_str(),
        "# a supply of ATX 3.0 or newer bears spikes of twice its power; give each card cables of its own",
    ];
    if sum > supply {
        SUPPLY.bad(seen, &remedy)
    } else if sum * 100 > supply * COMFORTABLE_PERCENT {
        SUPPLY.doubtful(seen, &remedy)
    } else {
        SUPPLY.good(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::super::cards::one;
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;
    use crashpoint_reports::environment::Gpu;

    fn card(now: u64, default: u64) -> Cards {
        let gpu = Gpu {
            power_limit_milliwatts: Some(now * 1000),
            power_limit_default_milliwatts: Some(default * 1000),
            ..Gpu::default()
        };
        one(gpu, Default::default(), Default::default())
    }

    #[test]
    fn a_limit_above_the_default_is_doubtful() {
        assert_eq!(limit(&card(350, 350)).state, State::Good);
        assert_eq!(limit(&card(250, 350)).state, State::Good);
        let raised = limit(&card(366, 350));
        assert_eq!(raised.state, State::Doubtful);
        assert_eq!(raised.remedy, ["sudo nvidia-smi -i 0 -pl 350"]);
        assert_eq!(limit(&Cards::default()).state, State::NotReadable);
    }

    #[test]
    fn a_supply_needs_room_for_spikes() {
        let other = Other::new("supply", &[(PACKAGE, "125000000\n")]);
        let look = |watts: u64| supply(&other.machine, &card(350, 350), watts);
        // 350 + 125 + 75.
        assert!(
            look(850).seen.contains("550 of 850 W"),
            "{}",
            look(850).seen
        );
        assert_eq!(look(850).state, State::Good);
        assert_eq!(look(650).state, State::Doubtful);
        assert_eq!(look(500).state, State::Bad);
        assert_eq!(
            supply(&other.machine, &Cards::default(), 850).state,
            State::NotReadable
        );
    }
}
