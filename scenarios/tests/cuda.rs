//! What a GPU computes agrees with what a CPU and transformers compute. Needs a GPU to run:
//! `cargo test -p crashpoint-scenarios --features cuda --test cuda`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use candle_core::{DType, Device, Tensor};
use common::{Fixture, shipped};
use crashpoint_scenarios::model::{
    Checkpoint, Generation, Model, Precision, Quant, Sampling, resolve,
};

const QUESTION: &str = "What does the front page of the news show?";

fn greedy(max_new_tokens: usize) -> Sampling {
    Sampling {
        max_new_tokens,
        temperature: None,
        top_p: None,
        seed: 0,
    }
}

fn gpu() -> Device {
    Device::new_cuda(0).unwrap()
}

fn preset(name: &str) -> Checkpoint {
    resolve(&name.parse().unwrap()).unwrap()
}

fn begin<'m>(model: &'m Model, file: &str, sampling: &Sampling) -> Generation<'m> {
    let features = model.see(&model.preprocess(&shipped(file)).unwrap());
    let prompt = model.prompt(QUESTION, 1).unwrap();
    model
        .prefill(&prompt, &features.unwrap(), sampling)
        .unwrap()
}

fn values(logits: &Tensor) -> Vec<f32> {
    logits.to_device(&Device::Cpu).unwrap().to_vec1().unwrap()
}

fn likeliest(logits: &[f32]) -> u32 {
    let best = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
    best.unwrap() as u32
}

/// The largest difference as a share of the largest value.
fn difference(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let largest = expected
        .iter()
        .fold(0.0_f32, |most, value| most.max(value.abs()));
    let apart = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    let most = apart.fold(0.0_f32, |most, apart| match apart.is_nan() {
        true => f32::INFINITY,
        false => most.max(apart),
    });
    most / largest
}

#[test]
fn greedy_tokens_are_those_of_transformers() {
    let fixture = Fixture::read();
    let checkpoint = Checkpoint::open(&Fixture::folder()).unwrap();
    let model = Model::load(&checkpoint, &gpu(), DType::F32).unwrap();
    for expected in &fixture.expected.images {
        let mut generation = begin(&model, &expected.file, &greedy(32));
        assert!(generation.has_decoder());
        while generation.next_token().unwrap().is_some() {}
        let answer = generation.finish().unwrap();
        assert_eq!(answer.tokens, expected.tokens, "{}", expected.file);
    }
}

#[test]
fn logits_in_half_precision_are_close_to_a_cpus_in_single() {
    let fixture = Fixture::read();
    let checkpoint = Checkpoint::open(&Fixture::folder()).unwrap();
    let exact = Model::load(&checkpoint, &Device::Cpu, DType::F32).unwrap();
    for (dtype, tolerance) in [(DType::F32, 1e-4), (DType::F16, 0.02), (DType::BF16, 0.1)] {
        let model = Model::load(&checkpoint, &gpu(), dtype).unwrap();
        for expected in &fixture.expected.images {
            let mut exact = begin(&exact, &expected.file, &greedy(9));
            let mut found = begin(&model, &expected.file, &greedy(9));
            let mut token = expected.tokens[0];
            let prompt = difference(
                &values(found.logits().unwrap()),
                &values(exact.logits().unwrap()),
            );
            let mut most = prompt;
            for next in expected.tokens.iter().skip(1).take(7) {
                let logits = values(&exact.read(token).unwrap());
                most = most.max(difference(&values(&found.read(token).unwrap()), &logits));
                token = *next;
            }
            println!(
                "{dtype:?} {}: prompt {prompt:.2e}, all {most:.2e}",
                expected.file
            );
            assert!(most < tolerance, "{dtype:?} {}: {most}", expected.file);
        }
    }
}

#[test]
fn logits_of_eight_bits_are_close_to_a_cpus_in_single() {
    let checkpoint = preset("tiny");
    let exact = Model::load(&checkpoint, &Device::Cpu, DType::F32).unwrap();
    let precision = Precision {
        dtype: DType::F16,
        quant: Some(Quant::Q8_0),
    };
    let model = Model::load(&checkpoint, &gpu(), precision).unwrap();
    let mut exact = begin(&exact, "news-01.png", &greedy(9));
    let mut found = begin(&model, "news-01.png", &greedy(9));
    assert!(found.has_decoder());
    let mut token = likeliest(&values(exact.logits().unwrap()));
    let mut most = 0.0_f32;
    for _ in 0..8 {
        let logits = values(&exact.read(token).unwrap());
        most = most.max(difference(&values(&found.read(token).unwrap()), &logits));
        token = likeliest(&logits);
    }
    println!("{most:.2e}");
    assert!(most < 0.05, "{most}");
}

/// Kernels of our own and candle's, one token after another.
#[test]
fn a_step_of_our_own_is_the_step_that_candle_makes() {
    const TOKENS: usize = 48;
    let sampling = greedy(TOKENS);
    let half = |quant| Precision {
        dtype: DType::F16,
        quant,
    };
    for (precision, tolerance) in [
        (DType::F32.into(), 1e-4),
        (DType::F16.into(), 0.02),
        (DType::BF16.into(), 0.1),
        // There candle rounds what the weights are multiplied with to 8 bits.
        (half(Some(Quant::Q8_0)), 0.05),
        (half(Some(Quant::Q4K)), 0.05),
    ] {
        let checkpoint = preset("synthetic:small");
        let model = Model::load(&checkpoint, &gpu(), precision).unwrap();
        let mut ours = begin(&model, "news-01.png", &sampling);
        assert!(ours.has_decoder());
        let mut theirs = begin(&model, "news-01.png", &sampling).without_decoder();
        let mut token = likeliest(&values(theirs.logits().unwrap()));
        let mut most = 0.0_f32;
        for n in 1..TOKENS {
            let expected = values(&theirs.read(token).unwrap());
            let apart = difference(&values(&ours.read(token).unwrap()), &expected);
            assert!(apart < tolerance, "{precision:?}, token {n}: {apart}");
            most = most.max(apart);
            token = likeliest(&expected);
        }
        println!("{precision:?}: {most:.2e}");
    }
}

/// Steps that begin before the host has seen the token choose what steps do that wait.
#[test]
fn steps_ahead_choose_the_same_tokens() {
    let checkpoint = preset("synthetic:small");
    let model = Model::load(&checkpoint, &gpu(), DType::F16).unwrap();
    let sampling = greedy(64);
    let mut ahead = begin(&model, "news-01.png", &sampling);
    let mut waiting = begin(&model, "news-01.png", &sampling);
    let mut expected = likeliest(&values(waiting.logits().unwrap()));
    for _ in 1..64 {
        assert_eq!(ahead.next_token().unwrap(), Some(expected));
        expected = likeliest(&values(&waiting.read(expected).unwrap()));
    }
    assert_eq!(ahead.next_token().unwrap(), Some(expected));
    assert_eq!(ahead.next_token().unwrap(), None);
}

/// A step that is under way for another token is taken back.
#[test]
fn another_token_than_the_chosen_one_may_follow() {
    let checkpoint = preset("synthetic:small");
    let model = Model::load(&checkpoint, &gpu(), DType::F16).unwrap();
    let answer = || {
        let mut generation = begin(&model, "news-01.png", &greedy(16));
        let mut n = 0;
        while generation.next_token().unwrap().is_some() {
            n += 1;
            if n == 5 {
                generation.corrupt_last();
            }
        }
        generation.finish().unwrap().tokens
    };
    let changed = answer();
    let mut plain = begin(&model, "news-01.png", &greedy(16)).without_decoder();
    let mut token = changed[0];
    for (n, &next) in changed.iter().enumerate().skip(1) {
        let logits = values(&plain.read(token).unwrap());
        // The fifth was put there by hand.
        if n != 4 {
            let best = logits[likeliest(&logits) as usize];
            assert!(
                logits[next as usize] >= best - 0.05 * best.abs(),
                "token {n}"
            );
        }
        token = next;
    }
    assert_eq!(answer(), changed);
}
