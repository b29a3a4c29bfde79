//! A prompt: the chat template's text, each image slot opened up to as many tokens as the tower
//! yields for an image.

use super::ModelError;
use super::template::Template;
use super::tokens::Tokens;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// With every image slot expanded.
    pub tokens: Vec<u32>,
    /// As the template rendered it: one image token for each image.
    pub text: String,
    /// How many slots it has.
    pub images: usize,
}

/// Makes prompts for one checkpoint.
#[derive(Debug)]
pub struct Prompter {
    pub template: Template,
    pub tokens: Tokens,
    pub tokens_per_image: usize,
}

impl Prompter {
    pub fn prompt(&self, question: &str, images: usize) -> Result<Prompt, ModelError> {
        let token = &self.tokens.image_text;
        if question.contains(token.as_str()) {
            return Err(ModelError::TokenInQuestion {
                token: token.clone(),
            });
        }
        let text = self
            .template
            .render(question, images, &self.tokens.bos, &self.tokens.eos)?;
        let slots = text.matches(token.as_str()).count();
        if slots != images {
            return Err(self.slots(slots, images));
        }
        let expanded = text.replace(token.as_str(), &token.repeat(self.tokens_per_image));
        let tokens = self.tokens.encode(&expanded)?;
        // A tokenizer may split what the text shows in one piece.
        let found = tokens
            .iter()
            .filter(|&&token| token == self.tokens.image)
            .count();
        if found != images * self.tokens_per_image {
            return Err(self.slots(found / self.tokens_per_image, images));
        }
        Ok(Prompt {
            tokens,
            text,
            images,
        })
    }

    fn slots(&self, slots: usize, images: usize) -> ModelError {
        ModelError::Slots {
            path: self.template.path().clone(),
            slots,
            images,
            token: self.tokens.image_text.clone(),
        }
    }
}
