//! The differential: every usual suspect, and what this run says for or against it.
//!
//! A suspect is ruled out on measured evidence only, and never because nothing was seen.

mod experiment;
mod experiments;
mod gpu;
mod host;
mod kernel;
mod knowledge;

use serde_json::{Map, Value};

use crate::environment::Environment;
use crate::event::Settings;
use crate::fold::Finished;
use crate::lint::Finding;
use crate::outcome::Outcome;
use crate::protocol::AllocatorMemory;
use crate::report::{Reproduction, Statistics, Suspect, SuspectFinding};
use crate::verdict::{Class, Confidence};

/// All that a run can say about its suspects.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    pub attempts: &'a [Finished],
    pub settings: Option<&'a Settings>,
    pub environment: Option<&'a Environment>,
    pub statistics: &'a Statistics,
    pub allocator: Option<AllocatorMemory>,
    pub reproductions: &'a [Reproduction],
    /// Known mistakes that were seen before it.
    pub preflight: &'a [Finding],
    /// The command line of the run.
    pub command: &'a [String],
}

/// What one suspect's rule finds.
struct Judgement {
    finding: SuspectFinding,
    numbers: Map<String, Value>,
    because: String,
}

/// A run, seen from its first death.
struct Scene<'a> {
    run: Run<'a>,
    /// The first attempt that died; if none did, the first that failed.
    dead: Option<&'a Finished>,
}

type Rule = fn(&Scene<'_>) -> Judgement;

/// In the order in which people suspect them.
const SUSPECTS: [(&str, Rule); 11] = [
    ("gpu_memory", gpu::memory),
    ("host_memory", host::memory),
    ("temperature", host::temperature),
    ("power", host::power),
    ("driver", gpu::driver),
    ("gpu_hardware", gpu::hardware),
    ("this_image", experiment::this_image),
    ("accumulation", experiment::accumulation),
    ("time", experiment::time),
    ("configuration", knowledge::configuration),
    ("environment", knowledge::environment),
];

pub fn differential(run: &Run<'_>) -> Vec<Suspect> {
    let counted = || run.attempts.iter().filter(|it| it.attempt.counts());
    let first = |outcome| counted().find(|it| it.attempt.outcome == outcome);
    let scene = Scene {
        run: *run,
        dead: first(Outcome::Died).or_else(|| first(Outcome::Failed)),
    };
    SUSPECTS
        .into_iter()
        .map(|(suspect, rule)| {
            let found = rule(&scene);
            Suspect {
                suspect: suspect.to_owned(),
                finding: found.finding,
                numbers: found.numbers,
                because: found.because,
                experiments: experiments::experiments(&scene, suspect, found.finding),
            }
        })
        .collect()
}

impl Scene<'_> {
    /// Whether the verdict on the death is one of these, and more than a lead.
    fn verdict_is(&self, any_of: &[Class]) -> Option<Class> {
        let verdict = self.dead?.attempt.verdict.as_ref()?;
        (any_of.contains(&verdict.class) && verdict.confidence >= Confidence::Likely)
            .then_some(verdict.class)
    }

    fn others(&self) -> impl Iterator<Item = &Finished> {
        let dead = self.dead.map(|dead| dead.attempt.number);
        self.run
            .attempts
            .iter()
            .filter(move |it| !it.attempt.diagnostic && Some(it.attempt.number) != dead)
    }

    /// What trying the case of the death again has shown.
    fn reproduction(&self) -> Option<&Reproduction> {
        let dead = self.dead?;
        let mut found = self.run.reproductions.iter();
        found.find(|it| {
            it.case == dead.case && Some(&it.signature) == dead.attempt.signature.as_ref()
        })
    }

    /// The death did not come every time: surviving once proves little then.
    fn comes_and_goes(&self) -> Option<String> {
        let same = self.reproduction()?.same;
        (same.n > 1 && same.events < same.n)
            .then(|| format!("the crash came in {} of {} attempts", same.events, same.n))
    }

    /// The last sample was taken so shortly before the end that little can have happened since.
    fn was_watched_to_the_end(&self) -> bool {
        /// Samples are taken several times a second; a block that was lost with the machine is longer.
        const NEAR_SECONDS: f64 = 1.0;
        let point = self.dead.and_then(|dead| dead.attempt.crash_point.as_ref());
        point
            .and_then(|point| point.last_sample_age_seconds)
            .is_some_and(|age| age <= NEAR_SECONDS)
    }
}

impl Judgement {
    fn new(
        finding: SuspectFinding,
        numbers: Map<String, Value>,
        because: impl Into<String>,
    ) -> Judgement {
        Judgement {
            finding,
            numbers,
            because: because.into(),
        }
    }

    fn supported(numbers: Map<String, Value>, because: impl Into<String>) -> Judgement {
        Judgement::new(SuspectFinding::Supported, numbers, because)
    }

    fn ruled_out(numbers: Map<String, Value>, because: impl Into<String>) -> Judgement {
        Judgement::new(SuspectFinding::RuledOut, numbers, because)
    }

    fn not_tested(numbers: Map<String, Value>, because: impl Into<String>) -> Judgement {
        Judgement::new(SuspectFinding::NotTested, numbers, because)
    }

    fn by_verdict(numbers: Map<String, Value>, class: Class) -> Judgement {
        Judgement::supported(numbers, format!("the verdict is {class}"))
    }
}

/// The reason that all suspects share where there is nothing to explain.
const NOTHING_DIED: &str = "nothing died or failed";

/// Numbers by name; those that were not measured are left out.
fn numbers<const N: usize>(values: [(&str, Option<Value>); N]) -> Map<String, Value> {
    values
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// A share or a temperature needs no more digits than this.
fn rounded(value: f64) -> Value {
    Value::from((value * 1000.0).round() / 1000.0)
}
