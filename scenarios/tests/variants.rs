//! What checkpoints and callers may vary: number formats, tied embeddings, several images,
//! sampling, presets.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use common::{Fixture, edit_json, edit_weights, made_up_image};
use crashpoint_reports::Class;
use crashpoint_scenarios::model::{
    Answer, Checkpoint, Estimate, Model, Preset, Sampling, Source, StoppedBy, estimate, resolve,
};
use safetensors::tensor::Dtype;

const QUESTION: &str = "What does the page show?";
const GREEDY: Sampling = Sampling {
    max_new_tokens: 12,
    temperature: None,
    top_p: None,
    seed: 0,
};

fn load_as(folder: &Path, dtype: DType) -> Model {
    Model::load(&Checkpoint::open(folder).unwrap(), &Device::Cpu, dtype).unwrap()
}

fn load(folder: &Path) -> Model {
    load_as(folder, DType::F32)
}

fn ask(model: &Model, features: &Tensor, sampling: &Sampling) -> Answer {
    let prompt = model.prompt(QUESTION, features.dim(0).unwrap()).unwrap();
    let mut generation = model.prefill(&prompt, features, sampling).unwrap();
    while generation.next_token().unwrap().is_some() {}
    generation.finish().unwrap()
}

fn see(model: &Model) -> Tensor {
    let pixels = model.preprocess(&made_up_image(300, 200)).unwrap();
    model.see(&pixels).unwrap()
}

fn answer(model: &Model, sampling: &Sampling) -> Answer {
    ask(model, &see(model), sampling)
}

#[test]
fn a_model_is_loaded_in_the_format_asked_for() {
    let exact = see(&load(&Fixture::folder())).to_vec3::<f32>().unwrap();
    let model = load_as(&Fixture::folder(), DType::F16);
    let features = see(&model);
    assert_eq!(features.dtype(), DType::F16);
    let near = features
        .to_dtype(DType::F32)
        .unwrap()
        .to_vec3::<f32>()
        .unwrap();
    for (near, exact) in near[0].iter().flatten().zip(exact[0].iter().flatten()) {
        assert!((near - exact).abs() < 0.02, "{near} is not {exact}");
    }
    assert_eq!(ask(&model, &features, &GREEDY).tokens.len(), 12);

    let checkpoint = Checkpoint::open(&Fixture::folder()).unwrap();
    let refused = Model::load(&checkpoint, &Device::Cpu, DType::BF16).unwrap_err();
    assert_eq!(refused.class(), Class::ConfigDtype);
}

#[test]
fn weights_may_be_stored_in_half_precision() {
    let folder = Fixture::copy();
    edit_weights(folder.path(), |tensors| {
        for tensor in tensors {
            let values = tensor.bytes.chunks_exact(4);
            // The upper half of an f32 is a bf16.
            tensor.bytes = values.flat_map(|value| [value[2], value[3]]).collect();
            tensor.dtype = Dtype::BF16;
        }
    });
    let (exact, near) = (see(&load(&Fixture::folder())), see(&load(folder.path())));
    let difference = (exact - near)
        .unwrap()
        .abs()
        .unwrap()
        .flatten_all()
        .unwrap();
    let largest = difference.max(0).unwrap().to_scalar::<f32>().unwrap();
    assert!((1e-4..0.2).contains(&largest), "{largest}");
}

#[test]
fn tied_embeddings_are_the_head() {
    const HEAD: &str = "language_model.lm_head.weight";
    const EMBEDDINGS: &str = "language_model.model.embed_tokens.weight";
    let untied = Fixture::copy();
    edit_weights(untied.path(), |tensors| {
        let find = |name: &str| {
            tensors
                .iter()
                .position(|tensor| tensor.name == name)
                .unwrap()
        };
        let (head, embeddings) = (find(HEAD), find(EMBEDDINGS));
        tensors[head].bytes = tensors[embeddings].bytes.clone();
    });
    let tied = Fixture::copy();
    edit_weights(tied.path(), |tensors| {
        tensors.retain(|tensor| tensor.name != HEAD)
    });
    edit_json(tied.path(), "config.json", |config| {
        config["text_config"]["tie_word_embeddings"] = true.into();
    });
    let answers = [&untied, &tied].map(|folder| answer(&load(folder.path()), &GREEDY));
    assert_eq!(answers[0], answers[1]);
    assert_ne!(
        answers[0].tokens,
        answer(&load(&Fixture::folder()), &GREEDY).tokens
    );
}

#[test]
fn the_class_token_is_kept_where_the_config_says_so() {
    let folder = Fixture::copy();
    edit_json(folder.path(), "config.json", |config| {
        config["vision_feature_select_strategy"] = "full".into();
    });
    let (model, without) = (load(folder.path()), see(&load(&Fixture::folder())));
    let features = see(&model);
    assert_eq!(features.dim(1).unwrap(), 37);
    let patches = features.narrow(1, 1, 36).unwrap().to_vec3::<f32>().unwrap();
    assert_eq!(patches, without.to_vec3::<f32>().unwrap());
    assert_eq!(ask(&model, &features, &GREEDY).tokens.len(), 12);
}

#[test]
fn several_images_fill_their_slots_in_order() {
    let model = load(&Fixture::folder());
    let pages = [made_up_image(300, 200), made_up_image(40, 90)]
        .map(|image| model.preprocess(&image).unwrap());
    let both = model.see(&Tensor::cat(&pages, 0).unwrap()).unwrap();
    assert_eq!(both.dims(), [2, 36, 40]);
    let turned = Tensor::cat(
        &[both.narrow(0, 1, 1).unwrap(), both.narrow(0, 0, 1).unwrap()],
        0,
    )
    .unwrap();
    let answers = [&both, &turned].map(|features| ask(&model, features, &GREEDY));
    assert_eq!(answers[0].prompt_tokens, answers[1].prompt_tokens);
    assert_ne!(answers[0].tokens, answers[1].tokens);
}

#[test]
fn sampling_follows_its_seed() {
    let model = load(&Fixture::folder());
    let with = |seed, temperature, top_p| {
        let sampling = Sampling {
            seed,
            temperature,
            top_p,
            ..GREEDY
        };
        answer(&model, &sampling).tokens
    };
    assert_eq!(with(1, Some(1.5), None), with(1, Some(1.5), None));
    assert_ne!(with(1, Some(1.5), None), with(2, Some(1.5), None));
    let greedy = with(1, None, None);
    assert_eq!(greedy, with(2, Some(0.0), Some(0.9)));
    // So small a share that only the likeliest token is in it.
    assert_eq!(greedy, with(3, Some(1.0), Some(1e-6)));
}

#[test]
fn an_answer_ends_where_the_model_says_so() {
    let first = answer(&load(&Fixture::folder()), &GREEDY).tokens;
    let folder = Fixture::copy();
    let end = first[3];
    edit_json(folder.path(), "generation_config.json", |config| {
        config["eos_token_id"] = serde_json::json!([1, end]);
    });
    let answer = answer(&load(folder.path()), &GREEDY);
    let length = first.iter().position(|token| *token == end).unwrap() + 1;
    assert_eq!(answer.tokens, first[..length]);
    assert_eq!(answer.stopped_by, StoppedBy::EndOfText);
}

#[test]
fn an_answer_may_be_left_early() {
    let model = load(&Fixture::folder());
    let features = see(&model);
    let prompt = model.prompt(QUESTION, 1).unwrap();
    let mut generation = model.prefill(&prompt, &features, &GREEDY).unwrap();
    let first = generation.next_token().unwrap().unwrap();
    let answer = generation.finish().unwrap();
    assert_eq!(
        (answer.tokens, answer.stopped_by),
        (vec![first], StoppedBy::Caller)
    );
}

#[test]
fn the_small_preset_runs_on_a_cpu() {
    let checkpoint = resolve(&Source::Synthetic(Preset::Small)).unwrap();
    let model = Model::load(&checkpoint, &Device::Cpu, DType::F32).unwrap();
    let short = Sampling {
        max_new_tokens: 2,
        ..GREEDY
    };
    let one = answer(&model, &short);
    assert_eq!(one.tokens.len(), 2);
    assert!(one.prompt_tokens > 576);
    let again = Model::load(&checkpoint, &Device::Cpu, DType::F32).unwrap();
    assert_eq!(
        one,
        answer(&again, &short),
        "made-up weights differ from load to load"
    );
}

#[test]
fn an_estimate_follows_from_the_sizes() {
    let seven = resolve(&Source::Synthetic(Preset::Llava15_7b)).unwrap();
    let of = |dtype, max_new_tokens| {
        let sampling = Sampling {
            max_new_tokens,
            ..GREEDY
        };
        estimate(&seven, dtype, QUESTION, &sampling).unwrap()
    };
    let Estimate {
        weights_bytes,
        kv_cache_bytes,
        activations_bytes,
    } = of(DType::F16, 256);
    assert_eq!(weights_bytes / 100_000_000, 141);
    // 2 x 32 layers x 4096 x 2 bytes for each of 576 image tokens, some 40 of text, 256 new ones.
    assert!(
        (860..=900).contains(&(kv_cache_bytes / (2 * 32 * 4096 * 2))),
        "{kv_cache_bytes}"
    );
    assert!(
        (1 << 27..1 << 30).contains(&activations_bytes),
        "{activations_bytes}"
    );
    assert_eq!(of(DType::F32, 256).weights_bytes, 2 * weights_bytes);
    assert_eq!(
        of(DType::F16, 257).kv_cache_bytes - kv_cache_bytes,
        2 * 32 * 4096 * 2
    );
    let long = Sampling {
        max_new_tokens: 4000,
        ..GREEDY
    };
    let refused = estimate(&seven, DType::F16, QUESTION, &long).unwrap_err();
    assert_eq!(refused.class(), Class::ContextOverflow);
}
