//! The names that tensors go by: what older and newer transformers write, as one.
//!
//! | written by | language model | tower |
//! |---|---|---|
//! | 4.36 on | `language_model.model.*`, `language_model.lm_head.*` | `vision_tower.vision_model.*` |
//! | 4.52 on | `model.language_model.*`, `lm_head.*` | `model.vision_tower.vision_model.*` |
//! | 5 | either | without `vision_model` |

use super::manifest::{LANGUAGE, PROJECTOR, TOWER};

/// The oldest layout's name for a tensor of any layout; other names stay as they are.
pub fn canonical(name: &str) -> String {
    let (nested, inner) = match name.strip_prefix("model.") {
        Some(inner) => (true, inner),
        None => (false, name),
    };
    if let Some(rest) = inner.strip_prefix("vision_tower.") {
        let rest = rest.strip_prefix("vision_model.").unwrap_or(rest);
        return format!("{TOWER}.{rest}");
    }
    if inner.starts_with(PROJECTOR) {
        return inner.to_owned();
    }
    match inner.strip_prefix("language_model.") {
        Some(rest) if nested => format!("{LANGUAGE}.model.{rest}"),
        Some(_) => name.to_owned(),
        None if name.starts_with("lm_head.") => format!("{LANGUAGE}.{name}"),
        None => name.to_owned(),
    }
}

/// What some versions of transformers stored although it is computed.
pub fn is_harmless(name: &str) -> bool {
    name.ends_with(".rotary_emb.inv_freq") || name.ends_with(".embeddings.position_ids")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_layouts_become_one() {
        for (oldest, others) in [
            (
                "language_model.model.layers.0.mlp.up_proj.weight",
                &["model.language_model.layers.0.mlp.up_proj.weight"][..],
            ),
            ("language_model.lm_head.weight", &["lm_head.weight"]),
            (
                "vision_tower.vision_model.pre_layrnorm.bias",
                &[
                    "model.vision_tower.vision_model.pre_layrnorm.bias",
                    "model.vision_tower.pre_layrnorm.bias",
                    "vision_tower.pre_layrnorm.bias",
                ],
            ),
            (
                "multi_modal_projector.linear_1.bias",
                &["model.multi_modal_projector.linear_1.bias"],
            ),
            ("image_newline", &[]),
            ("model.norm.weight", &[]),
        ] {
            assert_eq!(canonical(oldest), oldest);
            for other in others {
                assert_eq!(canonical(other), oldest);
            }
        }
    }
}
