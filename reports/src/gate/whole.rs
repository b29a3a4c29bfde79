//! A run that was cut short says less than it seems to.

use super::Sides;
use super::decision::Judgement;
use crate::words::counted;

pub fn judge(sides: &Sides<'_>) -> Judgement {
    for report in sides.candidate {
        let run = &report.run;
        if let Some(signal) = run.interrupted_by {
            return Judgement::inconclusive(format!(
                "the run {} was interrupted by signal {signal}",
                run.id
            ));
        }
        if !run.complete {
            return Judgement::inconclusive(format!(
                "the record of the run {} stops before its end: crashpoint recover says why",
                run.id
            ));
        }
    }
    Judgement::pass(format!(
        "{}, each to its own end, with {}",
        counted(sides.candidate.len(), "run"),
        counted(Sides::attempts(sides.candidate).count(), "attempt"),
    ))
}
