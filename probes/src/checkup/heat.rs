//! How warm the cards are now, against where they slow down.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::cards::Cards;
use super::worst::Worst;

pub(super) const ABOUT: About = About {
    topic: Topic::Gpu,
    name: "GPU temperature",
    matters: "a card slows down near its limit, and switches itself off above it",
};

/// From here to the limit there is too little room for a load.
const NEAR: u32 = 10;

pub(super) fn check(cards: &Cards) -> Check {
    let mut worst = Worst::default();
    for card in cards.each() {
        let Some(now) = card.now.and_then(|now| now.celsius) else {
            continue;
        };
        let name = card.name();
        let limits = [card.gpu.max_operating_celsius, card.gpu.slowdown_celsius];
        // 0 is what some cards say that have no such limit.
        let Some(limit) = limits.into_iter().flatten().filter(|&it| it > 0).min() else {
            worst.good(format!("{name}: {now} °C"));
            continue;
        };
        let seen = format!("{name}: {now} °C, slower from {limit} °C on");
        match now + NEAR > limit {
            true => worst.doubtful(
                seen,
                &["# look at fans, dust and the air around it; a lower power limit helps at once: sudo nvidia-smi -pl WATTS"],
            ),
            false => worst.good(seen),
        }
    }
    worst.check_told(&ABOUT, "the cards do not tell")
}

#[cfg(test)]
mod tests {
    use super::super::cards::one;
    use super::*;
    use crashpoint_reports::GpuSample;
    use crashpoint_reports::checkup::State;
    use crashpoint_reports::environment::Gpu;

    #[test]
    fn near_the_limit_is_doubtful() {
        let at = |celsius: u32| {
            let gpu = Gpu {
                slowdown_celsius: Some(95),
                max_operating_celsius: Some(93),
                ..Gpu::default()
            };
            let now = GpuSample {
                celsius: Some(celsius),
                ..GpuSample::default()
            };
            check(&one(gpu, now, Default::default())).state
        };
        assert_eq!(at(61), State::Good);
        assert_eq!(at(83), State::Good);
        assert_eq!(at(84), State::Doubtful);
    }
}
