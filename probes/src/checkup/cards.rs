//! What the GPU's process tells of each card, asked once for all the checks that need it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crashpoint_reports::GpuSample;
use crashpoint_reports::environment::{Gpu, GpuFacts};
use crashpoint_reports::gpu::{GpuCounters, Told};

use crate::gpu::{Client, Command, Outcome, Question, Reply};

/// A driver that loads for the first question takes seconds.
const FACTS: Duration = Duration::from_secs(7);
/// Counters are read after the rest, and told with a later answer where they took their time.
const COUNTERS: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Default)]
pub(super) struct Cards {
    pub facts: GpuFacts,
    /// Why there are no facts.
    pub absent_because: Option<String>,
    samples: BTreeMap<u32, GpuSample>,
    counters: BTreeMap<u32, GpuCounters>,
}

/// One card with what was read of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Card<'a> {
    pub gpu: &'a Gpu,
    pub now: Option<&'a GpuSample>,
    pub counters: Option<&'a GpuCounters>,
}

pub(super) fn ask(probe: Command) -> Cards {
    let mut client = Client::new(probe);
    let facts = match client.ask(Question::Facts {}, FACTS) {
        Outcome::Reply(Reply::Facts(facts)) => facts,
        Outcome::Reply(Reply::Absent { because })
        | Outcome::Absent { because }
        | Outcome::Ended { because } => return Cards::absent(because),
        Outcome::Reply(Reply::Error { message }) => return Cards::absent(message),
        Outcome::Reply(Reply::Read(_)) => {
            return Cards::absent("it answered another question".to_owned());
        }
        Outcome::Silent => return Cards::absent(format!("no answer within {} s", FACTS.as_secs())),
    };
    let mut cards = Cards {
        facts,
        ..Cards::default()
    };
    let deadline = Instant::now() + COUNTERS;
    let read = Question::Read {
        worker_pid: None,
        counters: true,
    };
    while cards.counters.len() < cards.facts.gpus.len() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        let Outcome::Reply(Reply::Read(samples)) = client.ask(read, left) else {
            break;
        };
        let answered = samples
            .into_iter()
            .filter(|sample| sample.silent_us.is_none());
        cards
            .samples
            .extend(answered.map(|sample| (sample.index, sample)));
        for news in client.news() {
            if let Told::Counters(counters) = news.told {
                cards.counters.insert(news.index, *counters);
            }
        }
    }
    cards
}

impl Cards {
    pub fn absent(because: String) -> Cards {
        Cards {
            absent_because: Some(because),
            ..Cards::default()
        }
    }

    pub fn each(&self) -> impl Iterator<Item = Card<'_>> {
        self.facts.gpus.iter().map(|gpu| Card {
            gpu,
            now: self.samples.get(&gpu.index),
            counters: self.counters.get(&gpu.index),
        })
    }
}

impl Card<'_> {
    pub fn name(&self) -> String {
        format!("GPU {}", self.gpu.index)
    }
}

#[cfg(test)]
pub(super) fn one(gpu: Gpu, now: GpuSample, counters: GpuCounters) -> Cards {
    Cards {
        facts: GpuFacts {
            driver_version: Some("570.124.06".into()),
            cuda_version: Some("12.8".into()),
            gpus: vec![gpu],
        },
        absent_because: None,
        samples: [(0, now)].into(),
        counters: [(0, counters)].into(),
    }
}
