//! Growth of a worker's memory with the images, over all attempts that had enough of them.

use super::decision::{Judgement, Measured, More, Test};
use super::{CONFIDENCE, Limits, Sides};
use crate::report::{Attempt, Report};
use crate::statistics::{Spread, theil_sen, trend};
use crate::words::{counted, number};

const KIB: f64 = 1024.0;

pub fn judge(sides: &Sides<'_>, limits: &Limits) -> Judgement {
    let series = series(sides.candidate);
    let Some(estimate) = slope(&series) else {
        return Judgement::nothing("no worker had the six images that a slope takes");
    };
    let before = self::series(sides.baseline);
    let usual = slope(&before).unwrap_or(0.0).max(0.0);
    let limit = usual + limits.max_memory_slope_bytes;
    let Some(trend) = trend::against(&series, limit) else {
        return Judgement::nothing("no memory was measured");
    };
    let because = format!(
        "{} KiB an image in {} (the baseline {}, limit {})",
        number(estimate / KIB),
        counted(series.len(), "attempt"),
        if before.is_empty() {
            "none".to_owned()
        } else {
            number(usual / KIB)
        },
        number(limit / KIB),
    );
    Judgement::Tested(Test {
        p_above: trend.p_above,
        beyond: estimate > limit,
        within: trend.p_below <= 1.0 - CONFIDENCE,
        measured: Measured {
            estimate,
            low: None,
            high: None,
            limit,
            n_candidate: series.len(),
            n_baseline: before.len(),
        },
        because,
        more: Box::new(|_| {
            (
                More::default(),
                "a longer series would decide: crashpoint run long --images-total 100".to_owned(),
            )
        }),
    })
}

fn slope(series: &[Vec<(f64, f64)>]) -> Option<f64> {
    let slopes = series.iter().filter_map(|points| theil_sen::slope(points));
    Spread::of(slopes.map(|it| it.per_x.estimate)).map(|it| it.median)
}

/// Without the first image, which pays for what is allocated once.
fn series(of: &[Report]) -> Vec<Vec<(f64, f64)>> {
    let points = |attempt: &Attempt| -> Vec<(f64, f64)> {
        let later = attempt.images.iter().skip(1);
        later
            .filter_map(|it| Some((f64::from(it.position), it.rss_bytes? as f64)))
            .collect()
    };
    Sides::attempts(of)
        .map(points)
        .filter(|points| theil_sen::slope(points).is_some())
        .collect()
}
