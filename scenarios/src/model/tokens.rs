//! The tokenizer, with the image token that its checkpoint's configuration speaks of.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use tokenizers::Tokenizer;

use super::ModelError;
use super::config::Config;
use super::folder::Folder;
use super::processor::{self, TokenText};

#[derive(Debug)]
pub struct Tokens {
    tokenizer: Tokenizer,
    /// For messages.
    path: PathBuf,
    pub image_text: String,
    pub image: u32,
    pub bos: String,
    pub eos: String,
    vocabulary: usize,
}

const FILE: &str = "tokenizer.json";

#[derive(Default, Deserialize)]
struct ConfigFile {
    bos_token: Option<TokenText>,
    eos_token: Option<TokenText>,
    image_token: Option<TokenText>,
}

impl Tokens {
    pub fn read(folder: &Folder, config: &Config) -> Result<Tokens, ModelError> {
        let path = folder.file(FILE);
        let bytes = folder.text(FILE)?.ok_or_else(|| {
            folder.missing(
                FILE,
                "fetch it, or write it with save_pretrained of a fast tokenizer",
            )
        })?;
        let file: ConfigFile = folder.json("tokenizer_config.json")?.unwrap_or_default();
        let image = match processor::image_token(folder)? {
            Some(token) => token,
            None => file
                .image_token
                .map_or_else(|| "<image>".into(), TokenText::text),
        };
        let text = |token: Option<TokenText>| token.map(TokenText::text).unwrap_or_default();
        let (bos, eos) = (text(file.bos_token), text(file.eos_token));
        Tokens::new(&bytes, path, image, bos, eos, config)
    }

    pub fn new(
        json: &str,
        path: PathBuf,
        image_text: String,
        bos: String,
        eos: String,
        config: &Config,
    ) -> Result<Tokens, ModelError> {
        let bad = |path: &Path, error: tokenizers::Error| ModelError::Tokenizer {
            path: path.into(),
            what: error.to_string(),
        };
        // Where it expects a decoder, tokenizers panics over what is no JSON.
        serde_json::from_str::<Value>(json).map_err(|error| bad(&path, error.into()))?;
        let mut tokenizer: Tokenizer = json.parse().map_err(|error| bad(&path, error))?;
        tokenizer
            .with_truncation(None)
            .map_err(|error| bad(&path, error))?;
        tokenizer.with_padding(None);
        match tokenizer.token_to_id(&image_text) {
            Some(image) if image == config.image_token => Ok(Tokens {
                tokenizer,
                path,
                image_text,
                image,
                bos,
                eos,
                vocabulary: config.text.vocab_size,
            }),
            Some(found) => Err(ModelError::OtherImageToken {
                path,
                token: image_text,
                found,
                expected: config.image_token,
            }),
            None => Err(ModelError::NoImageToken {
                path,
                token: image_text,
            }),
        }
    }

    /// How many tokens there are, but for those that were added to say something else than text.
    pub fn spoken(&self) -> usize {
        self.tokenizer.get_vocab_size(false)
    }

    /// Refuses prompts with tokens from there on.
    pub fn end_at(&mut self, vocabulary: usize) {
        self.vocabulary = vocabulary;
    }

    /// The tokens of a prompt, with BOS before it unless the text brings its own.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, ModelError> {
        let brings_bos = !self.bos.is_empty() && text.starts_with(&self.bos);
        let encoding = self
            .tokenizer
            .encode(text, !brings_bos)
            .map_err(|error| self.failed(error))?;
        let tokens = encoding.get_ids().to_vec();
        let beyond = |&token: &u32| token != self.image && token as usize >= self.vocabulary;
        match tokens.iter().copied().find(beyond) {
            Some(token) => Err(ModelError::BeyondVocabulary {
                path: self.path.clone(),
                token,
                vocabulary: self.vocabulary,
            }),
            None => Ok(tokens),
        }
    }

    /// The text of an answer, without special tokens.
    pub fn decode(&self, tokens: &[u32]) -> Result<String, ModelError> {
        self.tokenizer
            .decode(tokens, true)
            .map_err(|error| self.failed(error))
    }

    fn failed(&self, error: tokenizers::Error) -> ModelError {
        ModelError::Tokenizer {
            path: self.path.clone(),
            what: error.to_string(),
        }
    }
}
