//! Images through a model, one after another, each step a phase.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use candle_core::Device;
use crashpoint_reports::protocol::{ImageResult, WorkerError};
use crashpoint_reports::{Outcome, Phase};
use image::RgbImage;
use serde_json::{Value, json};

use super::memory::DeviceMemory;
use super::{At, Steps, Stop, device, kernel_cache, memory};
use crate::input::{self, Picture};
use crate::job::{Analyse, Budget, JobImage};
use crate::model::budget::Limits;
use crate::model::{
    self, Answer, Checkpoint, Model, Precision, Products, Prompt, Sampling, Source,
};

/// Hands back what it loaded, for the teardown to let go of.
pub fn run(steps: &mut Steps<'_>, work: &Analyse) -> Result<Loaded, Stop> {
    let sampling = Sampling {
        max_new_tokens: work.max_new_tokens as usize,
        temperature: work.temperature,
        top_p: work.top_p,
        seed: work.seed,
    };
    let loaded = steps.phase(Phase::Load, None, |steps| load(steps, work, sampling))?;
    if !loaded.device.is_cpu() {
        // As it is before: an empty one is why a warm-up takes long.
        steps.channel.facts(kernel_cache::facts())?;
        steps.phase(Phase::Warmup, None, |steps| warm_up(steps, &loaded))?;
    }
    let began = Instant::now();
    let until = work.until_seconds.map(Duration::from_secs_f64);
    let rounds = if until.is_some() { usize::MAX } else { 1 };
    let order = std::iter::repeat_n(&work.images, rounds).flatten();
    for (position, image) in (1..).zip(order) {
        if until.is_some_and(|until| began.elapsed() >= until) {
            break;
        }
        let at = At {
            index: image.index,
            position,
        };
        let result = analyse(steps, &loaded, image, at)?;
        steps.channel.image(result)?;
        // Between images there is no marker of ours to wait for: the supervisor sets it.
        steps.strike(&Phase::Idle, Some(at), None)?;
    }
    Ok(loaded)
}

/// What all images of a worker share. The prompt is the same for each of them.
pub struct Loaded {
    device: Device,
    model: Model,
    prompt: Prompt,
    sampling: Sampling,
}

fn load(steps: &mut Steps<'_>, work: &Analyse, sampling: Sampling) -> Result<Loaded, Stop> {
    let source: Source = work.model.parse()?;
    let checkpoint = model::resolve_with(&source, work.gguf.as_deref())?;
    let precision = Precision {
        dtype: device::dtype(&work.dtype)?,
        quant: work.quant.as_deref().map(str::parse).transpose()?,
    };
    let device = device::open(&work.device)?;
    steps.opened(&device)?;
    if let (Some(budget), Some(memory)) = (&work.budget, memory::of_device(&device)) {
        let bounds = (budget, memory);
        check_budget(steps, &checkpoint, work, bounds, precision, &sampling)?;
    }
    let model = Model::load(&checkpoint, &device, precision)?;
    if precision.quant.is_some() || work.gguf.is_some() {
        steps.channel.facts(held(model.products()))?;
    }
    let prompt = model.prompt(&work.question, 1)?;
    Ok(Loaded {
        device,
        model,
        prompt,
        sampling,
    })
}

/// What became of the matrix products: not every format fits every matrix.
fn held(products: &Products) -> BTreeMap<String, Value> {
    let by_format = products.0.iter().map(|(format, held)| {
        let held = json!({ "tensors": held.tensors, "bytes": held.bytes });
        (format.clone(), held)
    });
    BTreeMap::from([(
        "matrix_products".to_owned(),
        Value::Object(by_format.collect()),
    )])
}

fn check_budget(
    steps: &mut Steps<'_>,
    checkpoint: &Checkpoint,
    work: &Analyse,
    (budget, memory): (&Budget, DeviceMemory),
    precision: Precision,
    sampling: &Sampling,
) -> Result<(), Stop> {
    let estimate = model::estimate(checkpoint, precision, &work.question, sampling)?;
    steps.channel.facts(BTreeMap::from([
        ("weights_bytes".to_owned(), estimate.weights_bytes.into()),
        ("kv_cache_bytes".to_owned(), estimate.kv_cache_bytes.into()),
        (
            "activations_bytes".to_owned(),
            estimate.activations_bytes.into(),
        ),
    ]))?;
    let limits = Limits {
        free_bytes: memory.free_bytes,
        total_bytes: memory.total_bytes,
        reserve_bytes: budget.reserve_bytes,
        memory_fraction: budget.fraction,
        memory_cap_bytes: budget.cap_bytes,
        memory_round_bytes: budget.round_bytes,
    };
    model::budget::check(&estimate, &limits).map_err(|error| {
        Stop::Error(WorkerError {
            class: Some(error.class()),
            message: error.to_string(),
            refused: true,
        })
    })
}

/// On a GPU the first image compiles kernels and loads libraries: that is not the image's doing.
fn warm_up(steps: &mut Steps<'_>, loaded: &Loaded) -> Result<(), Stop> {
    let Loaded { model, prompt, .. } = loaded;
    let pixels = model.preprocess(&RgbImage::new(64, 64))?;
    let features = model.see(&pixels)?;
    // The first token is the prompt's own, the second one a step's.
    let two = Sampling {
        max_new_tokens: 2,
        ..loaded.sampling.clone()
    };
    let mut generation = model.prefill(prompt, &features, &two)?;
    while generation.next_token()?.is_some() {}
    let step = match generation.has_decoder() {
        true => "cuda_graph",
        false => "candle",
    };
    let facts = BTreeMap::from([("decode_step".to_owned(), step.into())]);
    Ok(steps.channel.facts(facts)?)
}

/// A bad image is that image's failure: the worker goes on with the next one.
fn analyse(
    steps: &mut Steps<'_>,
    loaded: &Loaded,
    image: &JobImage,
    at: At,
) -> Result<ImageResult, Stop> {
    let Loaded {
        model,
        prompt,
        sampling,
        ..
    } = loaded;
    let began = Instant::now();
    let file = image.path.display().to_string();
    let pixels = steps.phase(Phase::Preprocess, Some(at), |_| {
        Ok(match input::open(&image.path) {
            Ok(Picture { image, sha256, .. }) => Ok((model.preprocess(&image)?, sha256)),
            Err(error) => Err(error),
        })
    })?;
    let result = ImageResult {
        index: at.index,
        position: at.position,
        file: Some(file),
        sha256: None,
        outcome: Outcome::Failed,
        seconds: None,
        prompt_tokens: None,
        tokens: None,
        tokens_per_second: None,
        text: None,
        token_digest: None,
        rss_bytes: None,
        error: None,
    };
    let (pixels, sha256) = match pixels {
        Ok(read) => read,
        Err(error) => {
            let error = WorkerError {
                class: Some(error.class()),
                message: error.to_string(),
                refused: false,
            };
            return Ok(ImageResult {
                error: Some(error),
                seconds: Some(began.elapsed().as_secs_f64()),
                ..result
            });
        }
    };
    let features = steps.phase(Phase::Vision, Some(at), |steps| {
        steps.step("tower");
        let seen = model.tower(&pixels)?;
        steps.step("projector");
        Ok(model.project(&seen)?)
    })?;
    let mut generation = steps.phase(Phase::Prefill, Some(at), |_| {
        Ok(model.prefill(prompt, &features, sampling)?)
    })?;
    let mut decoding = Instant::now();
    let answer: Answer = steps.phase(Phase::Decode, Some(at), |steps| {
        let slower = steps.slower.take();
        let lose = |since: Instant| {
            if let Some(percent) = slower {
                std::thread::sleep(since.elapsed() * percent / 100);
            }
        };
        // What came before this phase has its share too, and it is none of the tokens'.
        if slower.is_some() {
            lose(began);
            decoding = Instant::now();
        }
        let mut n = 0;
        while generation.next_token()?.is_some() {
            n += 1;
            steps.token(at, n)?;
            if std::mem::take(&mut steps.corrupt) {
                generation.corrupt_last();
            }
        }
        let answer = generation.finish()?;
        lose(decoding);
        Ok(answer)
    })?;
    let decoded = decoding.elapsed().as_secs_f64();
    let tokens = u32::try_from(answer.tokens.len()).unwrap_or(u32::MAX);
    Ok(ImageResult {
        sha256: Some(sha256),
        outcome: Outcome::Survived,
        seconds: Some(began.elapsed().as_secs_f64()),
        prompt_tokens: u32::try_from(answer.prompt_tokens).ok(),
        tokens: Some(tokens),
        tokens_per_second: (decoded > 0.0).then(|| f64::from(tokens) / decoded),
        text: Some(answer.text),
        token_digest: Some(answer.digest),
        rss_bytes: memory::rss_bytes(),
        ..result
    })
}
