//! The names that tensors go by: what older and current transformers write, as one.

use super::manifest::{LANGUAGE, PROJECTOR, TOWER};

/// The older layout's name for a tensor of either layout; other names stay as they are.
pub fn canonical(name: &str) -> String {
    let current = [
        ("model.vision_tower.vision_model.", TOWER, "."),
        // Since CLIP's vision model lost its inner level.
        ("model.vision_tower.", TOWER, "."),
        ("model.multi_modal_projector.", PROJECTOR, "."),
        ("model.language_model.", LANGUAGE, ".model."),
        ("lm_head.", LANGUAGE, ".lm_head."),
    ];
    for (prefix, group, between) in current {
        if let Some(rest) = name.strip_prefix(prefix) {
            return format!("{group}{between}{rest}");
        }
    }
    name.to_owned()
}

/// What some versions of transformers stored although it is computed.
pub fn is_harmless(name: &str) -> bool {
    name.ends_with(".rotary_emb.inv_freq") || name.ends_with(".embeddings.position_ids")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_layouts_become_one() {
        for (current, older) in [
            (
                "model.language_model.layers.0.mlp.up_proj.weight",
                "language_model.model.layers.0.mlp.up_proj.weight",
            ),
            ("lm_head.weight", "language_model.lm_head.weight"),
            (
                "model.vision_tower.vision_model.pre_layrnorm.bias",
                "vision_tower.vision_model.pre_layrnorm.bias",
            ),
            (
                "model.multi_modal_projector.linear_1.bias",
                "multi_modal_projector.linear_1.bias",
            ),
        ] {
            assert_eq!(canonical(current), older);
            assert_eq!(canonical(older), older);
        }
    }
}
