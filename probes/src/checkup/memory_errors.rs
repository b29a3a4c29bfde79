//! Errors of the cards' memory: counted, mended by spare rows, or not to be mended.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::cards::Cards;
use super::worst::Worst;

pub(super) const ABOUT: About = About {
    topic: Topic::Gpu,
    name: "GPU memory errors",
    matters: "an error that is not corrected ends the program that meets it, or changes its output",
};

pub(super) fn check(cards: &Cards) -> Check {
    let mut worst = Worst::default();
    for card in cards.each() {
        let name = card.name();
        let ecc = match card.gpu.ecc {
            Some(true) => "ECC on",
            Some(false) => "ECC off",
            None => "no ECC",
        };
        let Some(counters) = card.counters else {
            worst.good(format!("{name}: {ecc}"));
            continue;
        };
        let uncorrected = counters.ecc_uncorrected_volatile.unwrap_or(0);
        let ever = counters.ecc_uncorrected_aggregate.unwrap_or(0);
        if counters.row_remap_failed == Some(true) {
            worst.bad(
                format!("{name}: a row of memory could not be replaced"),
                &["# have the card replaced: nvidia-smi -q -d ROW_REMAPPER has the numbers"],
            );
        } else if counters.row_remap_pending == Some(true) {
            worst.doubtful(
                format!("{name}: a row of memory waits to be replaced"),
                &["sudo nvidia-smi --gpu-reset  # with nobody on the card; or restart the machine"],
            );
        } else if uncorrected > 0 {
            worst.doubtful(
                format!("{name}: {uncorrected} uncorrected since the driver was loaded"),
                &[
                    "nvidia-smi -q -d ECC,ROW_REMAPPER",
                    "# reset the card; where they come back, have it replaced",
                ],
            );
        } else if card.gpu.ecc == Some(false) {
            worst.doubtful(
                format!("{name}: ECC off, so errors are not seen"),
                &[&format!(
                    "sudo nvidia-smi -i {} -e 1  # and restart",
                    card.gpu.index
                )],
            );
        } else {
            worst.good(match ever {
                0 => format!("{name}: {ecc}"),
                n => format!(
                    "{name}: {ecc}, {n} uncorrected over its life, none since the driver was loaded"
                ),
            });
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
    use crashpoint_reports::gpu::GpuCounters;

    #[test]
    fn what_cannot_be_mended_is_bad() {
        let with = |ecc: Option<bool>, counters: GpuCounters| {
            let gpu = Gpu {
                ecc,
                ..Gpu::default()
            };
            check(&one(gpu, Default::default(), counters)).state
        };
        let none = GpuCounters::default;
        assert_eq!(with(Some(true), none()), State::Good);
        assert_eq!(with(None, none()), State::Good);
        assert_eq!(with(Some(false), none()), State::Doubtful);
        for (counters, state) in [
            (
                GpuCounters {
                    row_remap_pending: Some(true),
                    ..none()
                },
                State::Doubtful,
            ),
            (
                GpuCounters {
                    row_remap_failed: Some(true),
                    ..none()
                },
                State::Bad,
            ),
            (
                GpuCounters {
                    ecc_uncorrected_volatile: Some(1),
                    ..none()
                },
                State::Doubtful,
            ),
            (
                GpuCounters {
                    ecc_uncorrected_aggregate: Some(9),
                    ..none()
                },
                State::Good,
            ),
        ] {
            assert_eq!(with(Some(true), counters.clone()), state, "{counters:?}");
        }
    }
}
