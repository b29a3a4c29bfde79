//! The decision: by what was asked for, which workers there are, and which GPUs.

use std::path::Path;

use crashpoint_reports::environment::GpuFacts;
use crashpoint_scenarios::worker::CUDA;

use super::found::{Built, Found};
use super::{AUTO, CPU, RunsOn, Worker};

/// What there is to choose from, each asked only where the answer matters: a driver takes its time.
pub struct Here<'a> {
    pub candidates: &'a dyn Fn() -> Vec<Found>,
    pub built_with: &'a dyn Fn(&Path) -> Built,
    /// Or why there are none.
    pub gpus: &'a dyn Fn() -> Result<GpuFacts, String>,
}

pub fn choose(device: &str, named: Option<&Path>, here: &Here<'_>) -> RunsOn {
    match (device, named) {
        (AUTO, Some(worker)) => auto_with(worker, here),
        (AUTO, None) => auto(here),
        (CPU, None) => on(CPU, "--device", built_in("the device is cpu")),
        (CPU, Some(worker)) => on(CPU, "--device", of_user(worker, Vec::new())),
        (_, None) => on(device, "--device", for_gpu(here)),
        (_, Some(worker)) => {
            let features = match (here.built_with)(worker) {
                Built::With(built) => built.features,
                Built::CannotStart(_) | Built::Untold => Vec::new(),
            };
            on(device, "--device", of_user(worker, features))
        }
    }
}

fn auto(here: &Here<'_>) -> RunsOn {
    let worker = for_gpu(here);
    if worker.path.is_none() {
        let because = worker.because.clone();
        return on(CPU, because, worker);
    }
    let gpus = match (here.gpus)() {
        Ok(gpus) => gpus,
        Err(because) => return on(CPU, no_gpu(&because), built_in("the device is cpu")),
    };
    if !worker.features.iter().any(|it| it == CUDA) {
        let because = worker.because;
        return on(CPU, because, built_in("the device is cpu"));
    }
    on("cuda:0", first_of(&gpus), worker)
}

fn auto_with(worker: &Path, here: &Here<'_>) -> RunsOn {
    let gpus = match (here.gpus)() {
        Ok(gpus) => gpus,
        Err(because) => return on(CPU, no_gpu(&because), of_user(worker, Vec::new())),
    };
    match (here.built_with)(worker) {
        Built::With(built) if built.has(CUDA) => {
            on("cuda:0", first_of(&gpus), of_user(worker, built.features))
        }
        Built::With(built) => {
            let because = "the worker was built without CUDA";
            on(CPU, because, of_user(worker, built.features))
        }
        // The attempt will tell the same, with a verdict.
        Built::CannotStart(why) => on(
            "cuda:0",
            format!("the worker cannot be started: {why}"),
            of_user(worker, Vec::new()),
        ),
        Built::Untold => {
            let because = "the worker does not say that it was built with CUDA";
            on(CPU, because, of_user(worker, Vec::new()))
        }
    }
}

/// The first that was built with CUDA; else the first that cannot be started, so that it is told why;
/// else the one that is built in.
fn for_gpu(here: &Here<'_>) -> Worker {
    let mut broken = None;
    let mut passed = Vec::new();
    for found in (here.candidates)() {
        let shown = found.path.display();
        match (here.built_with)(&found.path) {
            Built::With(built) if built.has(CUDA) => {
                if built.crashpoint == env!("CARGO_PKG_VERSION") {
                    return Worker {
                        features: built.features,
                        because: format!("it was found {}, built with CUDA", found.place),
                        path: Some(found.path),
                    };
                }
                passed.push(format!("{shown} is of version {}", built.crashpoint));
            }
            Built::With(_) => passed.push(format!("{shown} was built without CUDA")),
            Built::Untold => passed.push(format!("{shown} does not say what it was built with")),
            Built::CannotStart(why) => {
                broken.get_or_insert_with(|| Worker {
                    features: Vec::new(),
                    because: format!("it was found {}, and cannot be started: {why}", found.place),
                    path: Some(found.path),
                });
            }
        }
    }
    if passed.is_empty() {
        passed.push("no crashpoint-worker is beside crashpoint or on the PATH".to_owned());
    }
    broken.unwrap_or_else(|| built_in(&passed.join(", ")))
}

fn no_gpu(because: &str) -> String {
    format!("there is no GPU to be used: {because}")
}

fn first_of(gpus: &GpuFacts) -> String {
    let name = gpus.gpus.first().and_then(|gpu| gpu.name.as_deref());
    format!(
        "it is the first of {} that can be used: {}",
        match gpus.gpus.len() {
            1 => "one GPU".to_owned(),
            n => format!("{n} GPUs"),
        },
        name.unwrap_or("one without a name")
    )
}

fn on(device: &str, because: impl Into<String>, worker: Worker) -> RunsOn {
    RunsOn {
        label: device.to_owned(),
        only: None,
        device: device.to_owned(),
        device_because: because.into(),
        worker,
    }
}

fn of_user(worker: &Path, features: Vec<String>) -> Worker {
    Worker {
        path: Some(worker.to_owned()),
        features,
        because: "--worker".to_owned(),
    }
}

fn built_in(because: &str) -> Worker {
    Worker {
        path: None,
        features: Vec::new(),
        because: because.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crashpoint_reports::environment::Gpu;
    use crashpoint_scenarios::worker::BuiltWith;

    use super::*;

    fn built(features: &[&str]) -> Built {
        Built::With(BuiltWith {
            crashpoint: env!("CARGO_PKG_VERSION").to_owned(),
            features: features.iter().map(|it| (*it).to_owned()).collect(),
        })
    }

    fn old() -> Built {
        Built::With(BuiltWith {
            crashpoint: "0.0.1".to_owned(),
            features: vec![CUDA.to_owned()],
        })
    }

    fn missing() -> Built {
        Built::CannotStart("libcuda.so.1: cannot open shared object file".to_owned())
    }

    /// Device, worker and the two reasons, where these workers are found, in this order.
    fn chosen(device: &str, named: Option<Built>, found: &[Built], gpus: usize) -> [String; 4] {
        let candidates = || {
            let numbers = 0..found.len();
            let found = numbers.map(|n| Found {
                path: PathBuf::from(format!("/found/{n}")),
                place: "somewhere".to_owned(),
            });
            found.collect()
        };
        let built_with = |path: &Path| match path.file_name().unwrap().to_str().unwrap().parse() {
            Ok::<usize, _>(n) => found[n].clone(),
            Err(_) => named.clone().unwrap(),
        };
        let facts = || match gpus {
            0 => Err("no driver".to_owned()),
            _ => Ok(GpuFacts {
                gpus: vec![Gpu::default(); gpus],
                ..GpuFacts::default()
            }),
        };
        let path = named.as_ref().map(|_| Path::new("/named"));
        let facts = choose(
            device,
            path,
            &Here {
                candidates: &candidates,
                built_with: &built_with,
                gpus: &facts,
            },
        )
        .facts();
        [
            facts.device,
            facts.worker,
            facts.device_because,
            facts.worker_because,
        ]
    }

    #[track_caller]
    fn is(chosen: [String; 4], device: &str, worker: &str, because: &str) {
        assert_eq!(
            (chosen[0].as_str(), chosen[1].as_str()),
            (device, worker),
            "{chosen:?}"
        );
        assert!(chosen[2..].join("; ").contains(because), "{chosen:?}");
    }

    #[test]
    fn auto_takes_a_gpu_where_a_worker_can_use_it() {
        let found = [built(&[]), built(&["cuda", "cudnn"])];
        let because = "the first of 2 GPUs";
        is(chosen(AUTO, None, &found, 2), "cuda:0", "/found/1", because);
        is(chosen(AUTO, None, &found, 0), CPU, "built in", "no driver");
        let without = [built(&[])];
        let because = "/found/0 was built without CUDA";
        is(chosen(AUTO, None, &without, 1), CPU, "built in", because);
        let because = "no crashpoint-worker is beside";
        is(chosen(AUTO, None, &[], 1), CPU, "built in", because);
        let because = "/found/0 is of version 0.0.1";
        is(chosen(AUTO, None, &[old()], 1), CPU, "built in", because);
        let because = "cannot be started: libcuda.so.1";
        is(
            chosen(AUTO, None, &[missing()], 1),
            CPU,
            "built in",
            because,
        );
    }

    #[test]
    fn the_worker_that_was_named_is_used_in_any_case() {
        let cuda = Some(built(&["cuda"]));
        is(
            chosen(AUTO, cuda.clone(), &[], 1),
            "cuda:0",
            "/named",
            "--worker",
        );
        is(
            chosen(AUTO, cuda.clone(), &[], 0),
            CPU,
            "/named",
            "no driver",
        );
        is(chosen(CPU, cuda, &[], 1), CPU, "/named", "--device");
        let untold = Some(Built::Untold);
        let because = "does not say that it was built with CUDA";
        is(chosen(AUTO, untold.clone(), &[], 1), CPU, "/named", because);
        is(
            chosen("cuda:1", untold, &[], 1),
            "cuda:1",
            "/named",
            "--device",
        );
        // So that the attempt tells it, with a verdict.
        let because = "cannot be started";
        is(
            chosen(AUTO, Some(missing()), &[], 1),
            "cuda:0",
            "/named",
            because,
        );
    }

    #[test]
    fn a_gpu_that_was_asked_for_is_never_swapped_for_the_cpu() {
        let found = [missing(), built(&["cuda"])];
        let because = "built with CUDA";
        is(
            chosen("cuda:1", None, &found, 0),
            "cuda:1",
            "/found/1",
            because,
        );
        let because = "cannot be started: libcuda.so.1";
        is(
            chosen("cuda:0", None, &[missing()], 0),
            "cuda:0",
            "/found/0",
            because,
        );
        is(
            chosen("cuda:0", None, &[], 1),
            "cuda:0",
            "built in",
            "--device",
        );
        is(
            chosen(CPU, None, &found, 1),
            CPU,
            "built in",
            "the device is cpu",
        );
    }
}
