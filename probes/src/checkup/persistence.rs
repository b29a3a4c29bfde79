//! Whether the driver keeps a card awake while nobody uses it.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::cards::Cards;
use super::worst::Worst;

pub(super) const ABOUT: About = About {
    topic: Topic::Gpu,
    name: "persistence",
    matters: "without it a card is started anew for each program: seconds of waiting, its power limit reset, its counters of errors lost",
};

pub(super) fn check(cards: &Cards) -> Check {
    let mut worst = Worst::default();
    for card in cards.each() {
        match card.gpu.persistence {
            Some(true) => worst.good(format!("{}: on", card.name())),
            Some(false) => worst.doubtful(
                format!("{}: off", card.name()),
                &["sudo systemctl enable --now nvidia-persistenced  # or: sudo nvidia-smi -pm 1"],
            ),
            None => {}
        }
    }
    worst.check_told(&ABOUT, "the cards do not tell")
}

#[cfg(test)]
mod tests {
    use super::super::cards::one;
    use super::*;
    use crashpoint_reports::checkup::State;
    use crashpoint_reports::environment::Gpu;

    #[test]
    fn off_is_doubtful_and_unknown_is_not() {
        for (persistence, state) in [
            (Some(true), State::Good),
            (Some(false), State::Doubtful),
            (None, State::NotReadable),
        ] {
            let gpu = Gpu {
                persistence,
                ..Gpu::default()
            };
            let cards = one(gpu, Default::default(), Default::default());
            assert_eq!(check(&cards).state, state, "{persistence:?}");
        }
    }
}
