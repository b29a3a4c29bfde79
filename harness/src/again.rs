//! The command line that does the same as one attempt, in a run of its own.

use std::path::Path;
use std::time::Duration;

use bytesize::ByteSize;
use clap::Parser;
use crashpoint_scenarios::fault::Injection;
use crashpoint_scenarios::ladder::WorkKind;

use crate::cli::{Cli, ExecOptions, RunOptions};
use crate::config::NO_FILE;
use crate::plan::{Plan, Trial};

/// Says nothing that is so by default.
pub fn command_line(options: &RunOptions, plan: &Plan, trial: &Trial<'_>) -> Vec<String> {
    let default = Cli::parse_from(["crashpoint"]).run;
    let mut line = Line::of("run");
    let by_time = Plan::by_time(trial.rung) && trial.seconds.is_some();
    let burns = trial.rung.work == WorkKind::Burn;
    // The images of one round; a longer list goes through them again.
    let round = if by_time {
        trial.images
    } else {
        round(trial.images)
    };
    match trial.images.len() {
        _ if by_time || burns => {
            line.words.push(trial.rung.name.clone());
            line.path("--ladder", options.ladder.as_deref());
        }
        1 => line.words.push("single".to_owned()),
        images => {
            line.words.push("long".to_owned());
            line.option("--images-total", Some(images));
        }
    }
    if options.model != default.model {
        line.option("--model", Some(&options.model));
    }
    if options.device != default.device {
        line.option("--device", Some(&options.device));
    }
    line.option("--dtype", options.dtype.map(crate::cli::Dtype::name));
    line.option("--quant", options.quant.map(crate::cli::Quant::name));
    line.path("--gguf", options.gguf.as_deref());
    line.path("--worker", options.worker.as_deref());
    if burns {
        line.time("--burn", Some(options.burn));
    } else {
        let file = |index: &u32| plan.images.get((*index as usize).checked_sub(1)?);
        line.words.push("--images".to_owned());
        let files = round.iter().filter_map(file);
        line.words
            .extend(files.map(|path| path.display().to_string()));
        if options.question != default.question {
            line.option("--question", Some(&options.question));
        }
        let tokens = trial.max_new_tokens.or(options.max_new_tokens);
        line.option("--max-new-tokens", tokens);
        line.option("--temperature", options.temperature);
        line.option("--top-p", options.top_p);
        if options.seed != default.seed {
            line.option("--seed", Some(options.seed));
        }
    }
    if by_time {
        line.time("--duration", Some(options.duration));
        line.time("--renew", Some(options.renew));
    }
    line.option("--threads", options.threads);
    bounds(&mut line, options, &default);
    if !options.in_force.configured.is_empty() {
        // All of it is said here.
        line.option("--config", Some(NO_FILE));
    }
    let inject = options.inject.clone();
    line.option(
        "--inject",
        inject.and_then(|it| injection(it, trial.n, round)),
    );
    line.words.push("--no-triage".to_owned());
    line.words
}

/// Of a foreign program.
pub fn of_program(options: &ExecOptions) -> Vec<String> {
    let mut line = Line::of("exec");
    line.time("--timeout", options.timeout);
    line.bytes("--host-memory-limit", options.isolation.host_memory_limit);
    line.words.push("--".to_owned());
    let command = options.command.iter();
    line.words
        .extend(command.map(|word| word.to_string_lossy().into_owned()));
    line.words
}

fn bounds(line: &mut Line, options: &RunOptions, default: &RunOptions) {
    let budget = &options.budget;
    if budget.no_budget {
        line.words.push("--no-budget".to_owned());
    }
    line.option("--memory-fraction", budget.memory_fraction);
    line.bytes("--memory-cap", budget.memory_cap);
    line.bytes("--memory-round", budget.memory_round);
    if budget.memory_reserve != default.budget.memory_reserve {
        line.bytes("--memory-reserve", Some(budget.memory_reserve));
    }
    line.bytes("--host-memory-limit", options.isolation.host_memory_limit);
    let limits = &options.limits;
    line.time("--timeout-load", limits.timeout_load);
    line.time("--timeout-warmup", limits.timeout_warmup);
    line.time("--timeout-first-image", limits.timeout_first_image);
    line.time("--timeout-image", limits.timeout_image);
    line.time("--timeout", limits.timeout);
}

/// As it has to be said in a run that has these images only, and that tries them once. `None` if
/// it did not strike in this attempt, or could not.
fn injection(injection: Injection, n: u32, round: &[u32]) -> Option<Injection> {
    if !injection.wants_attempt(n) {
        return None;
    }
    let image = match injection.image {
        Some(wanted) => {
            let place = round.iter().position(|&index| index == wanted)?;
            Some(u32::try_from(place).ok()?.checked_add(1)?)
        }
        None => None,
    };
    Some(Injection {
        image,
        attempt: None,
        ..injection
    })
}

/// The shortest beginning that the whole is repetitions of.
fn round(images: &[u32]) -> &[u32] {
    let repeats = |length: &usize| {
        let again = images.iter().skip(*length);
        again.zip(images).all(|(later, earlier)| later == earlier)
    };
    let length = (1..images.len()).find(repeats).unwrap_or(images.len());
    images.get(..length).unwrap_or(images)
}

struct Line {
    words: Vec<String>,
}

impl Line {
    fn of(command: &str) -> Line {
        Line {
            words: vec!["crashpoint".to_owned(), command.to_owned()],
        }
    }

    fn bytes(&mut self, name: &str, size: Option<ByteSize>) {
        self.option(name, size.map(|size| format!("{}B", size.as_u64())));
    }

    fn option(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.words.extend([name.to_owned(), value.to_string()]);
        }
    }

    fn path(&mut self, name: &str, value: Option<&Path>) {
        self.option(name, value.map(|path| path.display().to_string()));
    }

    fn time(&mut self, name: &str, value: Option<Duration>) {
        self.option(name, value.map(humantime::format_duration));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_goes_round_is_told_by_one_round() {
        assert_eq!(round(&[1, 1, 1]), [1]);
        assert_eq!(round(&[1, 2, 3, 1, 2]), [1, 2, 3]);
        assert_eq!(round(&[1, 2, 1, 1]), [1, 2, 1]);
        assert_eq!(round(&[5]), [5]);
        assert!(round(&[]).is_empty());
    }

    #[test]
    fn a_fault_in_an_image_is_told_by_its_new_place() {
        let at = |text: &str, n, round: &[u32]| {
            injection(text.parse().unwrap(), n, round).map(|it| it.to_string())
        };
        let moved = Some("abort@image=2,phase=vision".to_owned());
        assert_eq!(at("abort@image=5,phase=vision", 1, &[4, 5]), moved);
        assert_eq!(at("abort@image=5,phase=vision", 1, &[4]), None);
        let once = Some("abort@phase=load".to_owned());
        assert_eq!(at("abort@phase=load,attempt=2", 2, &[4]), once);
        assert_eq!(at("abort@phase=load,attempt=2", 3, &[4]), None);
    }
}
