//! The image splice: a prompt's embeddings, with the images' features in their slots.

use candle_core::{Result, Tensor};

use super::language::Language;

/// A stretch of a prompt.
#[derive(Debug, PartialEq, Eq)]
enum Stretch<'a> {
    Text(&'a [u32]),
    /// So many image tokens.
    Image(usize),
}

/// The prompt's embeddings (1, tokens, hidden). `features` is (images, tokens per image, hidden),
/// and `tokens` must have exactly that many image tokens.
pub fn splice(
    language: &Language,
    tokens: &[u32],
    image_token: u32,
    features: &Tensor,
) -> Result<Tensor> {
    let features = features.flatten_to(1)?;
    let mut used = 0;
    let mut parts = Vec::new();
    for stretch in stretches(tokens, image_token) {
        parts.push(match stretch {
            Stretch::Text(tokens) => language.embed(tokens)?,
            Stretch::Image(count) => {
                let rows = features.narrow(0, used, count)?;
                used += count;
                rows.unsqueeze(0)?
            }
        });
    }
    Tensor::cat(&parts, 1)
}

fn stretches(tokens: &[u32], image_token: u32) -> impl Iterator<Item = Stretch<'_>> {
    tokens
        .chunk_by(move |&a, &b| (a == image_token) == (b == image_token))
        .map(move |chunk| match chunk[0] == image_token {
            true => Stretch::Image(chunk.len()),
            false => Stretch::Text(chunk),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_images_alternate() {
        let found: Vec<_> = stretches(&[9, 9, 1, 2, 9, 3], 9).collect();
        let wanted = [
            Stretch::Image(2),
            Stretch::Text(&[1, 2]),
            Stretch::Image(1),
            Stretch::Text(&[3]),
        ];
        assert_eq!(found, wanted);
        assert_eq!(stretches(&[], 9).count(), 0);
    }
}
