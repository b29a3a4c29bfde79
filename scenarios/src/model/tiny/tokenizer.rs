//! The tiny model's tokenizer: byte-level BPE without merges, and words for answers.

use serde_json::{Map, Value, json};

pub const BOS: &str = "<s>";
pub const EOS: &str = "</s>";
pub const IMAGE: &str = "<image>";
pub const SPECIAL: [&str; 4] = ["<unk>", BOS, EOS, IMAGE];
pub const IMAGE_TOKEN: u32 = 3;
const BYTES: usize = 256;
pub const FIRST_WORD: usize = SPECIAL.len() + BYTES;

/// What the model talks about.
const WORDS: &str = "\
the a this page shows with and of in on under above beside over between headline column photo \
picture caption banner chart table map logo menu link button story report news letter paragraph \
title author date city street bridge river harbour train signal station market weather storm \
cloud sun moon rain wind snow field game team score player coach final season ledger number \
price growth loss vote count candidate election mayor council phone screen camera sky watch \
telescope star comet left right top bottom centre small large dark bright blue red green white \
black grey old new first second third two three many few long short wide narrow . , : -";

pub fn vocabulary() -> usize {
    FIRST_WORD + WORDS.split_whitespace().count()
}

/// Every byte is a token. The words are there for answers: nothing is merged into them.
pub fn tokenizer() -> Value {
    let mut vocabulary = Map::new();
    let words = WORDS
        .split_whitespace()
        .map(|word| format!("\u{120}{word}"));
    let tokens = SPECIAL
        .map(str::to_owned)
        .into_iter()
        .chain(byte_tokens())
        .chain(words);
    for (id, token) in tokens.enumerate() {
        vocabulary.insert(token, id.into());
    }
    let special = |(id, token): (usize, &str)| {
        json!({
            "id": id, "content": token, "special": true,
            "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
        })
    };
    let byte_level = json!({
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
    });
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": SPECIAL.into_iter().enumerate().map(special).collect::<Vec<_>>(),
        "normalizer": null,
        "pre_tokenizer": byte_level,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                { "SpecialToken": { "id": BOS, "type_id": 0 } },
                { "Sequence": { "id": "A", "type_id": 0 } },
            ],
            "pair": [
                { "SpecialToken": { "id": BOS, "type_id": 0 } },
                { "Sequence": { "id": "A", "type_id": 0 } },
                { "Sequence": { "id": "B", "type_id": 1 } },
            ],
            "special_tokens": { BOS: { "id": BOS, "ids": [1], "tokens": [BOS] } },
        },
        "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null,
            "continuing_subword_prefix": null, "end_of_word_suffix": null,
            "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": vocabulary, "merges": [],
        },
    })
}

/// The characters that stand for bytes in byte-level BPE: printable ones for themselves, the rest
/// for the characters from U+0100 on, in order.
fn byte_tokens() -> impl Iterator<Item = String> {
    let is_printable = |byte: u8| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let mut others = '\u{100}'..;
    (0..=255).map(move |byte| match is_printable(byte) {
        true => char::from(byte).to_string(),
        false => others.next().map(String::from).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_has_an_id_of_its_own() {
        let tokens = tokenizer()["model"]["vocab"].as_object().unwrap().len();
        assert_eq!(tokens, vocabulary());
    }
}
