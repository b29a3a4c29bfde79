//! Quantised weights: what they do to the logits, and in which formats they are held.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use candle_core::{DType, Device, Tensor};
use common::{Fixture, edit_json, edit_weights, made_up_image};
use crashpoint_reports::Class;
use crashpoint_scenarios::model::{
    Checkpoint, Estimate, Held, Limits, Model, Precision, Preset, Quant, Sampling, Source, budget,
    estimate, resolve, tiny,
};

const QUESTION: &str = "What is in the news?";
const GREEDY: Sampling = Sampling {
    max_new_tokens: 1,
    temperature: None,
    top_p: None,
    seed: 0,
};

/// How far logits may be off, as a share of their deviation.
const EIGHT: f64 = 0.05;
const FOUR: f64 = 0.3;

fn as_it_is(dtype: DType) -> Precision {
    dtype.into()
}

fn quantised(quant: Quant) -> Precision {
    Precision {
        dtype: DType::F32,
        quant: Some(quant),
    }
}

fn load(checkpoint: &Checkpoint, precision: Precision) -> Model {
    Model::load(checkpoint, &Device::Cpu, precision).unwrap()
}

fn tiny() -> Checkpoint {
    let folder = tempfile::tempdir().unwrap();
    tiny::write(folder.path()).unwrap();
    Checkpoint::open(folder.path()).unwrap()
}

/// The tiny model, but twice as wide, so that most rows are blocks of q4k. Its gated half is not.
fn wide() -> Checkpoint {
    let folder = tempfile::tempdir().unwrap();
    tiny::write(folder.path()).unwrap();
    edit_json(folder.path(), "config.json", |config| {
        config["text_config"]["hidden_size"] = WIDE.into();
    });
    edit_weights(folder.path(), |tensors| {
        let mut random = Random(7);
        for tensor in tensors {
            if tensor.name.contains("vision_tower") {
                continue;
            }
            for side in tensor.shape.iter_mut().filter(|side| **side == 128) {
                *side = WIDE;
            }
            let deviation = (*tensor.shape.last().unwrap() as f32).sqrt().recip();
            let values = (0..tensor.shape.iter().product()).map(|_| {
                match (tensor.name.contains("norm"), tensor.shape.len()) {
                    (true, _) => 1.0,
                    (_, 1) => 0.0,
                    _ => random.next() * deviation,
                }
            });
            tensor.bytes = values.flat_map(f32::to_le_bytes).collect();
        }
    });
    Checkpoint::open(folder.path()).unwrap()
}

const WIDE: usize = 256;

fn vocabulary() -> usize {
    let tokenizer = tiny::tokenizer();
    tokenizer["model"]["vocab"].as_object().unwrap().len()
}

/// Numbers with mean 0 and deviation 1.
struct Random(u32);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((self.0 >> 8) as f32 / (1 << 24) as f32 - 0.5) * 12_f32.sqrt()
    }
}

/// After the prompt, of a picture that is the same for all.
fn logits(model: &Model) -> Vec<f32> {
    let pixels = model.preprocess(&made_up_image(300, 200)).unwrap();
    let features = model.see(&pixels).unwrap();
    let prompt = model.prompt(QUESTION, 1).unwrap();
    let generation = model.prefill(&prompt, &features, &GREEDY).unwrap();
    generation.logits().unwrap().to_vec1().unwrap()
}

/// The root of the mean square of the difference, as a share of the exact ones' deviation.
fn distance(exact: &[f32], near: &[f32]) -> f64 {
    let vector = |values: &[f32]| {
        Tensor::new(values, &Device::Cpu)
            .unwrap()
            .to_dtype(DType::F64)
            .unwrap()
    };
    let (exact, near) = (vector(exact), vector(near));
    let mean_square = |values: &Tensor| {
        let squares = values.sqr().unwrap().mean_all().unwrap();
        squares.to_scalar::<f64>().unwrap()
    };
    let centred = exact.broadcast_sub(&exact.mean_all().unwrap()).unwrap();
    let difference = (exact - near).unwrap();
    (mean_square(&difference) / mean_square(&centred)).sqrt()
}

#[test]
fn logits_stay_close_and_the_coarser_format_is_coarser() {
    let checkpoint = wide();
    let [exact, eight, four] = [
        as_it_is(DType::F32),
        quantised(Quant::Q8_0),
        quantised(Quant::Q4K),
    ]
    .map(|precision| logits(&load(&checkpoint, precision)));
    let (eight, four) = (distance(&exact, &eight), distance(&exact, &four));
    println!("q8_0 {eight}, q4k {four}");
    assert!((1e-4..EIGHT).contains(&eight), "{eight}");
    assert!((eight..FOUR).contains(&four), "{four}");
}

#[test]
fn every_matrix_gets_the_finest_format_that_its_rows_allow() {
    let held = |checkpoint, quant| load(&checkpoint, quantised(quant)).products().0.clone();
    let of = |tensors, bytes| Held {
        tensors,
        bytes: bytes as u64,
    };
    // Rows of 256 are a block of q4k, rows of 352 are 11 of q8_0.
    let (layers, gated, vocabulary) = (3, 352, vocabulary());
    let down = layers * WIDE * gated;
    let others = layers * (4 * WIDE * WIDE + 2 * WIDE * gated) + vocabulary * WIDE;
    assert_eq!(
        held(wide(), Quant::Q4K),
        [
            ("q4k".to_owned(), of(3 * 6 + 1, others / 256 * 144)),
            ("q8_0".to_owned(), of(3, down / 32 * 34)),
        ]
        .into()
    );
    let all = (others + down) / 32 * 34;
    assert_eq!(
        held(wide(), Quant::Q8_0),
        [("q8_0".to_owned(), of(3 * 7 + 1, all))].into()
    );
    // Rows of 40 and 88.
    let fixture = Checkpoint::open(&Fixture::folder()).unwrap();
    let held = held(fixture, Quant::Q4K);
    assert_eq!(held.keys().collect::<Vec<_>>(), ["f32"]);
    assert_eq!(held["f32"].tensors, 2 * 7 + 1);
}

#[test]
fn the_tiny_model_says_the_same_in_eight_bits() {
    let checkpoint = tiny();
    let [exact, near] = [as_it_is(DType::F32), quantised(Quant::Q8_0)]
        .map(|precision| logits(&load(&checkpoint, precision)));
    let distance = distance(&exact, &near);
    assert!((1e-4..EIGHT).contains(&distance), "{distance}");
    let likeliest = |logits: &[f32]| {
        let all = logits.iter().enumerate();
        all.max_by(|one, other| one.1.total_cmp(other.1)).unwrap().0
    };
    assert_eq!(likeliest(&exact), likeliest(&near));
}

#[test]
fn quantised_weights_serve_a_model_in_half_precision() {
    let precision = Precision {
        dtype: DType::F16,
        quant: Some(Quant::Q8_0),
    };
    let checkpoint = tiny();
    let exact = logits(&load(&checkpoint, as_it_is(DType::F32)));
    let distance = distance(&exact, &logits(&load(&checkpoint, precision)));
    assert!((1e-4..EIGHT).contains(&distance), "{distance}");
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    const HEAD: &str = "language_model.lm_head.weight";
    let folder = tempfile::tempdir().unwrap();
    tiny::write(folder.path()).unwrap();
    edit_weights(folder.path(), |tensors| {
        let head = tensors.iter_mut().find(|tensor| tensor.name == HEAD);
        head.unwrap().bytes[40..44].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    let refused = Model::load(&checkpoint, &Device::Cpu, quantised(Quant::Q8_0)).unwrap_err();
    assert_eq!(refused.class(), Class::ModelFilesBroken);
    assert!(refused.to_string().contains(HEAD), "{refused}");
}

/// LLaVA-1.5-7B with a prompt and an answer of 896 tokens together.
fn seven_billion(quant: Option<Quant>) -> Estimate {
    let seven = resolve(&Source::Synthetic(Preset::Llava15_7b)).unwrap();
    let precision = Precision {
        dtype: DType::F16,
        quant,
    };
    let of = |max_new_tokens| {
        let sampling = Sampling {
            max_new_tokens,
            ..GREEDY
        };
        estimate(&seven, precision, QUESTION, &sampling).unwrap()
    };
    let per_token = 2 * 32 * 4096 * 2;
    let shortest = usize::try_from(of(1).kv_cache_bytes / per_token).unwrap();
    let estimate = of(896 - shortest + 1);
    assert_eq!(estimate.kv_cache_bytes, 896 * per_token);
    estimate
}

#[test]
fn seven_billion_weights_fit_into_eight_gigabytes_in_eight_bits() {
    let tenths = |bytes: u64| (bytes as f64 / 1e8).round() / 10.0;
    for (quant, weights, with_cache) in [
        (None, 14.1, 14.6),
        (Some(Quant::Q8_0), 7.9, 8.4),
        (Some(Quant::Q4K), 4.6, 5.1),
    ] {
        let estimate = seven_billion(quant);
        let both = estimate.weights_bytes + estimate.kv_cache_bytes;
        assert_eq!(
            (tenths(estimate.weights_bytes), tenths(both)),
            (weights, with_cache),
            "{quant:?}"
        );
    }
}

#[test]
fn a_model_that_is_too_large_is_told_to_be_quantised() {
    let limits = Limits {
        free_bytes: 24 << 30,
        total_bytes: 24 << 30,
        reserve_bytes: 0,
        memory_fraction: None,
        memory_round_bytes: None,
        memory_cap_bytes: Some(8_000_000_000),
    };
    let refused = budget::check(&seven_billion(None), &limits).unwrap_err();
    assert!(refused.to_string().contains("--quant q8_0"), "{refused}");
    budget::check(&seven_billion(Some(Quant::Q8_0)), &limits).unwrap();
}
