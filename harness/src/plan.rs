//! What a run is going to do, worked out before anything of it is done.

use std::fs;
use std::path::{Path, PathBuf};

use crashpoint_reports::Class;
use crashpoint_reports::event::{self, PlannedCase, PlannedImage, Settings};
use crashpoint_scenarios::cache;
use crashpoint_scenarios::input::{self, InputError};
use crashpoint_scenarios::job::{Analyse, Budget, Burn, Job, JobImage, Work};
use crashpoint_scenarios::ladder::{Draft, Inputs, Ladder, Rung, SHIPPED, Until, WorkKind};
use crashpoint_scenarios::model::{self, Located, Source};

use crate::cli::{Dtype, RunOptions};
use crate::exit_code;
use crate::failure::Failure;
use crate::runs_on::CPU;

/// The default of `--max-new-tokens`: the incident's own, and what fits a model of a toy's size.
const NEW_TOKENS: u32 = 256;
const NEW_TOKENS_TINY: u32 = 32;
/// More threads than this make small matrices slower, not faster.
const MOST_THREADS: usize = 16;

#[derive(Debug)]
pub struct Plan {
    pub rungs: Vec<PlannedRung>,
    pub images: Vec<PathBuf>,
    pub record: event::Plan,
    pub threads: u32,
    /// What the worker is told to load: resolved, so that no worker downloads anything.
    model: String,
    model_fingerprint: Option<String>,
    dtype: Dtype,
    max_new_tokens: u32,
}

#[derive(Debug)]
pub struct PlannedRung {
    pub rung: Rung,
    /// Or why there are none.
    pub cases: Result<Vec<Draft>, String>,
    /// On which of the run's devices, by its place among them.
    pub place: usize,
    /// The rung's name, and the device's where there are several.
    pub name: String,
}

/// One attempt at a case, with what is changed of it.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    pub rung: &'a Rung,
    /// Counts the attempts at the case, from 1.
    pub n: u32,
    pub images: &'a [u32],
    /// If not as many as planned.
    pub max_new_tokens: Option<u32>,
    /// For work that goes by time.
    pub seconds: Option<f64>,
}

impl Plan {
    /// Where the model is, if it is in a folder that is needed.
    pub fn folder(&self) -> Option<&Path> {
        self.model_fingerprint.as_ref()?;
        Some(Path::new(&self.model))
    }

    /// The same on each of these devices.
    pub fn make(options: &RunOptions, devices: &[&str]) -> Result<Plan, Failure> {
        let ladder = ladder(options)?;
        let name = Some(options.scenario.as_str()).filter(|name| *name != "ladder");
        let rungs = ladder.climb(name).map_err(Failure::usage)?;
        let analyses = rungs.iter().any(|rung| rung.work == WorkKind::Analyse);
        let images = if analyses {
            images(options)?
        } else {
            Vec::new()
        };
        let source: Source = options.model.parse().map_err(Failure::usage)?;
        let (model, model_fingerprint) = if analyses {
            locate(&source)?
        } else {
            (options.model.clone(), None)
        };

        let inputs = Inputs {
            images: u32::try_from(images.len()).unwrap_or(u32::MAX),
            critical: options.critical_image,
            images_total: options.images_total,
        };
        let places = devices.iter().enumerate();
        let rungs: Vec<PlannedRung> = places
            .flat_map(|(place, device)| {
                let named = move |name: &str| match devices {
                    [_] => name.to_owned(),
                    _ => format!("{name}@{device}"),
                };
                rungs.iter().map(move |rung| {
                    let cases = rung.cases(inputs).map(|drafts| {
                        let drafts = drafts.into_iter();
                        let drafts = drafts.map(|draft| Draft {
                            name: named(&draft.name),
                            ..draft
                        });
                        drafts.collect()
                    });
                    PlannedRung {
                        cases,
                        place,
                        name: named(&rung.name),
                        rung: rung.clone(),
                    }
                })
            })
            .collect();
        let max_new_tokens = options.max_new_tokens.unwrap_or(match source {
            Source::Tiny | Source::Mistaken(_) => NEW_TOKENS_TINY,
            _ => NEW_TOKENS,
        });
        let dtype = options.dtype.unwrap_or(if devices == [CPU] {
            Dtype::F32
        } else {
            Dtype::F16
        });
        let mut plan = Plan {
            rungs,
            images,
            record: event::Plan {
                settings: Settings::default(),
                configured: options.in_force.configured.clone(),
                images: Vec::new(),
                cases: Vec::new(),
            },
            threads: options.threads.unwrap_or_else(default_threads),
            model,
            model_fingerprint,
            dtype,
            max_new_tokens,
        };
        plan.record = plan.recorded(options, &devices.join(","));
        Ok(plan)
    }

    fn recorded(&self, options: &RunOptions, devices: &str) -> event::Plan {
        let images = (1..).zip(&self.images).map(|(index, path)| PlannedImage {
            index,
            file: path.display().to_string(),
            // One that can't be read fails when its turn comes, and says why then.
            sha256: input::sha256_of(path).ok(),
        });
        let cases = self.rungs.iter().flat_map(|planned| {
            let drafts = match &planned.cases {
                Ok(drafts) => drafts.clone(),
                Err(_) => vec![Draft {
                    name: planned.name.clone(),
                    images: Vec::new(),
                }],
            };
            drafts.into_iter().map(|draft| PlannedCase {
                name: draft.name,
                scenario: planned.rung.name.clone(),
                title: planned.rung.title.clone(),
                images: draft.images,
            })
        });
        event::Plan {
            settings: Settings {
                profile: options.configuration.profile.clone(),
                model: Some(options.model.clone()),
                model_fingerprint: self.model_fingerprint.clone(),
                device: Some(devices.to_owned()),
                dtype: Some(self.dtype.name().to_owned()),
                quant: options.quant.map(|quant| quant.name().to_owned()),
                gguf: options.gguf.as_ref().map(|path| path.display().to_string()),
                // As with the model's own files: what is wrong with it is found where it is loaded.
                gguf_fingerprint: options
                    .gguf
                    .as_ref()
                    .and_then(|path| model::fingerprint_of_file(path).ok()),
                question: Some(options.question.clone()),
                max_new_tokens: Some(self.max_new_tokens),
                temperature: options.temperature,
                top_p: options.top_p,
                seed: Some(options.seed),
                threads: Some(self.threads),
                sample_hz: options.common.sample_hz,
                critical_image: Some(options.critical_image),
                cycles: options.cycles,
                host_memory_limit_bytes: options.isolation.host_memory_limit_bytes(),
                inject: options.inject.as_ref().map(ToString::to_string),
            },
            configured: options.in_force.configured.clone(),
            images: images.collect(),
            cases: cases.collect(),
        }
    }

    /// What the worker of a case is told.
    pub fn job(&self, options: &RunOptions, device: &str, trial: &Trial<'_>) -> Job {
        let work = match trial.rung.work {
            WorkKind::Burn => Work::Burn(Burn {
                device: device.to_owned(),
                dtype: self.dtype.name().to_owned(),
                seconds: options.burn.as_secs_f64(),
            }),
            WorkKind::Analyse => Work::Analyse(Box::new(Analyse {
                model: self.model.clone(),
                device: device.to_owned(),
                dtype: self.dtype.name().to_owned(),
                quant: options.quant.map(|quant| quant.name().to_owned()),
                gguf: options.gguf.clone(),
                images: trial
                    .images
                    .iter()
                    .filter_map(|&index| self.image(index))
                    .collect(),
                until_seconds: trial.rung.until.and(trial.seconds),
                question: options.question.clone(),
                max_new_tokens: trial.max_new_tokens.unwrap_or(self.max_new_tokens),
                temperature: options.temperature,
                top_p: options.top_p,
                seed: options.seed,
                budget: budget(options),
            })),
        };
        Job {
            work,
            profile: options.configuration.profile.clone(),
            inject: options
                .inject
                .clone()
                .filter(|injection| injection.wants_attempt(trial.n)),
        }
    }

    fn image(&self, index: u32) -> Option<JobImage> {
        let path = self
            .images
            .get(usize::try_from(index).ok()?.checked_sub(1)?)?;
        Some(JobImage {
            index,
            path: path.clone(),
        })
    }

    /// Images, and cases without any, that the progress bar counts.
    pub fn steps(&self, cycles: u32) -> u64 {
        let cases = self
            .rungs
            .iter()
            .filter_map(|planned| planned.cases.as_ref().ok())
            .flatten();
        cases
            .map(|case| case.images.len().max(1) as u64)
            .sum::<u64>()
            * u64::from(cycles)
    }

    /// Whether a rung goes by time, in workers that are renewed.
    pub fn by_time(rung: &Rung) -> bool {
        rung.until == Some(Until::Duration)
    }
}

fn ladder(options: &RunOptions) -> Result<Ladder, Failure> {
    let Some(path) = &options.ladder else {
        return Ladder::parse(SHIPPED).map_err(Failure::harness);
    };
    let table = fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!(
            "failed to read the table of rungs {}: {error}",
            path.display()
        ))
    })?;
    Ladder::parse(&table).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn images(options: &RunOptions) -> Result<Vec<PathBuf>, Failure> {
    if options.images.is_empty() {
        return input::shipped().map_err(|error| {
            Failure::unfit(format!(
                "failed to put the built-in images into the cache folder {}: {error}; set CRASHPOINT_CACHE to a folder that can be written",
                cache::folder().display()
            ))
        });
    }
    input::find(&options.images).map_err(|error| Failure {
        code: if matches!(error, InputError::EmptyFolder { .. }) {
            exit_code::NOTHING_RAN
        } else {
            exit_code::USAGE
        },
        message: error.to_string(),
    })
}

/// Brings the model to this machine, so that no worker's time limit pays for a download. What is
/// wrong with the files themselves is for the worker to find, and for the record to hold.
fn locate(source: &Source) -> Result<(String, Option<String>), Failure> {
    let located = model::locate(source).map_err(|error| match error.class() {
        Class::DownloadFailed | Class::DiskFull | Class::PermissionDenied => Failure::unfit(error),
        _ => Failure::usage(error),
    })?;
    Ok(match located {
        // Files that can't be read fail when the model is loaded, and say why then.
        Located::Folder(folder) => (
            folder.display().to_string(),
            model::fingerprint(&folder).ok(),
        ),
        Located::Synthetic(_) => (source.to_string(), None),
    })
}

fn budget(options: &RunOptions) -> Option<Budget> {
    let budget = &options.budget;
    (!budget.no_budget).then(|| Budget {
        reserve_bytes: budget.memory_reserve.as_u64(),
        fraction: budget.memory_fraction,
        cap_bytes: budget.memory_cap.map(|cap| cap.as_u64()),
        round_bytes: budget.memory_round.map(|step| step.as_u64()),
    })
}

fn default_threads() -> u32 {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(cpus.min(MOST_THREADS)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn each_of_several_devices_has_every_case_under_a_name_of_its_own() {
        let mut options = Cli::parse_from(["crashpoint"]).run;
        options.scenario = "burn".to_owned();
        let plan = Plan::make(&options, &["cuda:0", "cuda:2"]).unwrap();
        let cases = plan.record.cases.iter();
        let cases: Vec<(&str, &str)> = cases
            .map(|case| (case.name.as_str(), case.scenario.as_str()))
            .collect();
        assert_eq!(cases, [("burn@cuda:0", "burn"), ("burn@cuda:2", "burn")]);
        let places: Vec<usize> = plan.rungs.iter().map(|it| it.place).collect();
        assert_eq!(places, [0, 1]);
        let settings = &plan.record.settings;
        assert_eq!(settings.device.as_deref(), Some("cuda:0,cuda:2"));
        assert_eq!(settings.dtype.as_deref(), Some("f16"));
        // A worker that is shown one alone knows it as the first.
        let trial = Trial {
            rung: &plan.rungs[1].rung,
            n: 1,
            images: &[],
            max_new_tokens: None,
            seconds: None,
        };
        let job = plan.job(&options, "cuda:0", &trial);
        assert_eq!(job.work.device(), "cuda:0");
        let alone = Plan::make(&options, &[CPU]).unwrap();
        assert_eq!(alone.record.cases[0].name, "burn");
    }
}
