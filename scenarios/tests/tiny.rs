//! The tiny model, end to end: written, loaded, shown a page, asked a question.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use candle_core::{DType, Device};
use crashpoint_scenarios::input;
use crashpoint_scenarios::model::{Answer, Checkpoint, Model, Sampling, StoppedBy, tiny};
use image::RgbImage;

const QUESTION: &str = "What is in the news?";

fn sampling() -> Sampling {
    Sampling {
        max_new_tokens: 32,
        temperature: None,
        top_p: None,
        seed: 0,
    }
}

fn load(dtype: DType) -> Model {
    let folder = tempfile::tempdir().unwrap();
    tiny::write(folder.path()).unwrap();
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    Model::load(&checkpoint, &Device::Cpu, dtype).unwrap()
}

fn page(number: usize) -> RgbImage {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("images/news-{number:02}.png"));
    input::open(&path).unwrap().image
}

fn ask(model: &Model, image: &RgbImage, sampling: &Sampling) -> Answer {
    let pixels = model.preprocess(image).unwrap();
    let prompt = model.prompt(QUESTION, 1).unwrap();
    let features = model.see(&pixels).unwrap();
    let mut generation = model.prefill(&prompt, &features, sampling).unwrap();
    while generation.next_token().unwrap().is_some() {}
    generation.finish().unwrap()
}

#[test]
fn answers_are_words_that_depend_on_the_image_alone() {
    let model = load(DType::F32);
    let mut digests = Vec::new();
    for number in 1..=8 {
        let image = page(number);
        let answer = ask(&model, &image, &sampling());
        assert_eq!(answer.tokens.len(), 32);
        assert_eq!(answer.stopped_by, StoppedBy::MaxNewTokens);
        assert!(
            answer.text.split_whitespace().count() > 25,
            "{}",
            answer.text
        );
        assert_eq!(answer, ask(&model, &image, &sampling()));
        digests.push(answer.digest);
    }
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), 8, "pages got the same answer");
}
