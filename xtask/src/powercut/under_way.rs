//! Where a run was cut off, worked out from its records alone, by the promise and not by the code
//! that makes the report: the last marker whose phase has no end.

use crashpoint_reports::event::Marker;
use crashpoint_reports::report::CrashPoint;
use crashpoint_reports::{Event, Phase, Record};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderWay {
    pub attempt: u32,
    pub phase: Phase,
    pub image: Option<u32>,
    pub position: Option<u32>,
}

/// Nothing where no attempt was under way.
pub fn under_way(records: &[Record]) -> Option<UnderWay> {
    let start = records
        .iter()
        .rposition(|record| matches!(record.event, Event::AttemptStart(_)))?;
    let mut open: Vec<&Marker> = Vec::new();
    let mut last: Option<&Marker> = None;
    let mut done = false;
    let mut number = 0;
    for record in records.get(start..).unwrap_or_default() {
        match &record.event {
            Event::AttemptStart(start) => number = start.attempt,
            Event::Marker(marker) => {
                // One that the supervisor set lasts until the next.
                open.retain(|earlier| earlier.id.is_some());
                open.push(marker);
                last = Some(marker);
            }
            Event::PhaseEnd { done, .. } => open.retain(|marker| marker.id != Some(done.id)),
            Event::Done { .. } => {
                done = true;
                open.retain(|marker| marker.id.is_some());
            }
            Event::Ended(_) | Event::AttemptEnd(_) => return None,
            _ => {}
        }
    }
    let (phase, image) = match open.last() {
        Some(marker) => (marker.phase.clone(), marker.image.as_ref()),
        None if done => (Phase::Teardown, None),
        None => match last {
            Some(last) => (Phase::Idle, last.image.as_ref()),
            None => (Phase::Start, None),
        },
    };
    Some(UnderWay {
        attempt: number,
        phase,
        image: image.map(|image| image.index),
        position: image.map(|image| image.position),
    })
}

impl UnderWay {
    pub fn is(&self, point: &CrashPoint) -> bool {
        (&self.phase, self.image, self.position) == (&point.phase, point.image, point.position)
    }
}
