//! The terminal while a run goes on: a bar where somebody watches, plain lines elsewhere.
//!
//! Everything goes to standard error: standard output is for the result.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::time::Duration;

use crashpoint_reports::{Ending, Outcome, Phase};
use indicatif::{ProgressBar, ProgressStyle};

use crate::supervise::Progress;

const REDRAW: Duration = Duration::from_millis(200);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

pub struct Console {
    verbosity: Verbosity,
    bar: Option<ProgressBar>,
    case: RefCell<String>,
}

impl Console {
    /// `steps`: how many images, and cases without images, the run will see.
    pub fn new(verbosity: Verbosity, progress: bool, steps: u64) -> Console {
        let watched = progress && verbosity != Verbosity::Quiet && std::io::stderr().is_terminal();
        let bar = watched.then(|| {
            let bar = ProgressBar::new(steps);
            let style =
                ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed_precise} {msg}")
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.set_style(style);
            // Without it the last message of a busy moment may never be drawn.
            bar.enable_steady_tick(REDRAW);
            bar
        });
        Console {
            verbosity,
            bar,
            case: RefCell::new(String::new()),
        }
    }

    pub fn case(&self, name: &str, title: &str) {
        *self.case.borrow_mut() = name.to_owned();
        match &self.bar {
            Some(bar) => bar.set_message(name.to_owned()),
            None if self.verbosity == Verbosity::Verbose => eprintln!("{name}: {title}"),
            None => {}
        }
    }

    pub fn see(&self, progress: &Progress) {
        match progress {
            Progress::Hello | Progress::Ended => {}
            Progress::Phase { phase, image } => {
                let case = self.case.borrow();
                let line = match image {
                    Some(image) => format!("{case}: image {}, {phase}", image.index),
                    None => format!("{case}: {phase}"),
                };
                match &self.bar {
                    // Idle is over before anybody could read it.
                    Some(bar) if *phase != Phase::Idle => bar.set_message(line),
                    None if self.verbosity == Verbosity::Verbose => eprintln!("{line}"),
                    _ => {}
                }
            }
            Progress::Image(result) => {
                if let Some(bar) = &self.bar {
                    bar.inc(1);
                }
                if result.outcome != Outcome::Survived
                    && let Some(error) = &result.error
                {
                    self.say(&format!(
                        "{}: image {}: {}",
                        self.case.borrow(),
                        result.index,
                        error.message
                    ));
                }
            }
        }
    }

    /// A case is through.
    pub fn ended(&self, name: &str, outcome: Outcome, ending: &Ending, seconds: f64) {
        let line = match outcome {
            Outcome::Survived => format!("{name}: survived, {seconds:.1} s"),
            outcome => format!("{name}: {outcome}, {ending}, {seconds:.1} s"),
        };
        match &self.bar {
            Some(bar) if outcome != Outcome::Survived => bar.println(line),
            None if self.verbosity != Verbosity::Quiet => eprintln!("{line}"),
            _ => {}
        }
    }

    /// A step without images is through.
    pub fn step(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None if self.verbosity != Verbosity::Quiet => eprintln!("{line}"),
            None => {}
        }
    }

    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
