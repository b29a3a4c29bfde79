//! One death and its recovery, judged.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;

use crashpoint_reports::event::Marker;
use crashpoint_reports::{Event, Record};
use serde::Serialize;

use super::acknowledged::Acknowledged;
use super::death::Death;
use super::filesystem::Filesystem;
use super::handover::Handover;
use super::log_writes::Unflushed;
use super::under_way::under_way;
use super::worker::Worker;

#[derive(Debug, Serialize)]
pub struct Trial {
    pub reset: u32,
    pub filesystem: Filesystem,
    pub death: Death,
    pub worker: Worker,
    /// From the start of the run, or from its first marker.
    pub seconds: f64,
    /// Pages written since the last flush, of a power cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unflushed: Option<Unflushed>,
    /// Markers that the host saw acknowledged.
    pub acknowledged: usize,
    /// Of those, the ones that the journal does not have.
    pub lost: usize,
    /// Markers in the journal after the last that the host saw: on their way when it happened.
    pub ahead: usize,
    /// The run had come so far that anything was on the disk.
    pub recorded: bool,
    pub crash_point: String,
    pub crash_point_right: bool,
    pub told: String,
    pub told_right: bool,
    #[serde(skip)]
    pub waited_us: Vec<u64>,
    /// What else was not as it must be.
    pub wrong: Vec<String>,
}

/// A death that is not recovered yet.
#[derive(Debug)]
pub struct Pending {
    pub reset: u32,
    pub filesystem: Filesystem,
    pub death: Death,
    pub worker: Worker,
    pub seconds: f64,
    pub unflushed: Option<Unflushed>,
    pub acknowledged: Vec<Acknowledged>,
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} on {} after {:.1} s: {} acknowledged, {} lost, {} ahead; {}; {}",
            self.reset,
            self.death.name(),
            self.filesystem.name(),
            self.seconds,
            self.acknowledged,
            self.lost,
            self.ahead,
            self.told,
            self.crash_point,
        )?;
        match self.unflushed {
            Some(fate) => write!(
                f,
                "; unflushed pages: {} kept, {} dropped",
                fate.kept, fate.dropped
            ),
            None => Ok(()),
        }
    }
}

impl Trial {
    pub fn is_wrong(&self) -> bool {
        !self.crash_point_right || !self.told_right || !self.wrong.is_empty()
    }
}

impl Pending {
    pub fn judge(self, handover: &Handover) -> Result<Trial, Box<dyn Error>> {
        let (records, state) = handover.journal()?;
        let mut wrong: Vec<String> = state
            .damage
            .iter()
            .map(|damage| format!("{} at {}: {}", damage.segment, damage.offset, damage.what))
            .collect();
        let markers: Vec<&Marker> = records.iter().filter_map(of_worker).collect();
        let known: HashSet<_> = markers.iter().map(|marker| identity(marker)).collect();
        let lost: Vec<&Marker> = self
            .acknowledged
            .iter()
            .map(|told| &told.marker)
            .filter(|marker| !known.contains(&identity(marker)))
            .collect();
        wrong.extend(lost.first().map(|marker| format!("lost: {marker:?}")));
        let last = self.acknowledged.last().map(|told| identity(&told.marker));
        let ahead = markers
            .iter()
            .rev()
            .take_while(|marker| Some(identity(marker)) != last)
            .count();
        let mut trial = Trial {
            reset: self.reset,
            filesystem: self.filesystem,
            death: self.death,
            worker: self.worker,
            seconds: self.seconds,
            unflushed: self.unflushed,
            acknowledged: self.acknowledged.len(),
            lost: lost.len(),
            ahead,
            recorded: !records.is_empty(),
            crash_point: String::new(),
            crash_point_right: true,
            told: String::new(),
            told_right: true,
            waited_us: self
                .acknowledged
                .iter()
                .map(|told| told.waited_us)
                .collect(),
            wrong,
        };
        // Cut off before the first record was on the disk: there is nothing to make a report of.
        if trial.recorded {
            trial.compare(&records, handover)?;
        } else {
            trial.told = "nothing was recorded".to_owned();
            trial.crash_point = "none".to_owned();
        }
        Ok(trial)
    }
}

impl Trial {
    fn compare(&mut self, records: &[Record], handover: &Handover) -> Result<(), Box<dyn Error>> {
        let report = handover.report()?;
        match handover.told()? {
            Some(told) => self.told = told,
            None => self
                .wrong
                .push("recovery did not say what ended the run".to_owned()),
        }
        self.told_right = self.told == self.death.told();
        if !self.told_right {
            self.wrong.push(format!("told as {:?}", self.told));
        }
        let expected = under_way(records);
        let named = report.crash_points.last();
        self.crash_point = named.map_or_else(
            || "none".to_owned(),
            |point| {
                format!(
                    "{}, attempt {}, image {:?}, {}",
                    point.case, point.attempt, point.image, point.phase
                )
            },
        );
        self.crash_point_right = match (&expected, named) {
            (Some(expected), Some(named)) => expected.is(named),
            (expected, named) => expected.is_none() && named.is_none(),
        };
        if !self.crash_point_right {
            self.wrong
                .push(format!("by its records it was {expected:?}"));
        }
        Ok(())
    }
}

/// A marker that a worker waits for.
fn of_worker(record: &Record) -> Option<&Marker> {
    match &record.event {
        Event::Marker(marker) if marker.id.is_some() => Some(marker),
        _ => None,
    }
}

fn identity(marker: &Marker) -> (u32, Option<u64>, String, Option<(u32, u32)>) {
    let image = marker.image.as_ref();
    (
        marker.attempt,
        marker.id,
        marker.phase.to_string(),
        image.map(|image| (image.index, image.position)),
    )
}
