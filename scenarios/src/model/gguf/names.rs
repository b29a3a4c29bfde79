//! What llama.cpp calls the tensors of a Llama.

use super::super::manifest::LANGUAGE;

/// The name in a GGUF file of a tensor of the language model; `None` for any other tensor.
pub fn in_gguf(name: &str) -> Option<String> {
    let inner = name.strip_prefix(LANGUAGE)?.strip_prefix('.')?;
    let outside = match inner {
        "lm_head.weight" => Some(HEAD),
        "model.embed_tokens.weight" => Some(EMBEDDING),
        "model.norm.weight" => Some("output_norm.weight"),
        _ => None,
    };
    if let Some(outside) = outside {
        return Some(outside.to_owned());
    }
    let (layer, part) = inner.strip_prefix("model.layers.")?.split_once('.')?;
    let part = match part.strip_suffix(".weight")? {
        "self_attn.q_proj" => "attn_q",
        "self_attn.k_proj" => "attn_k",
        "self_attn.v_proj" => "attn_v",
        "self_attn.o_proj" => "attn_output",
        "mlp.gate_proj" => "ffn_gate",
        "mlp.up_proj" => "ffn_up",
        "mlp.down_proj" => "ffn_down",
        "input_layernorm" => "attn_norm",
        "post_attention_layernorm" => "ffn_norm",
        _ => return None,
    };
    Some(format!("blk.{layer}.{part}.weight"))
}

pub const EMBEDDING: &str = "token_embd.weight";
/// Absent where the embeddings are tied.
pub const HEAD: &str = "output.weight";
/// Computed from the configuration here.
pub const ROPE: &str = "rope_freqs.weight";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tensor_of_the_language_model_has_a_name_there() {
        for (name, there) in [
            ("language_model.lm_head.weight", Some("output.weight")),
            (
                "language_model.model.layers.31.self_attn.o_proj.weight",
                Some("blk.31.attn_output.weight"),
            ),
            (
                "language_model.model.layers.0.post_attention_layernorm.weight",
                Some("blk.0.ffn_norm.weight"),
            ),
            ("language_model.model.layers.0.mlp.gate_proj.bias", None),
            ("multi_modal_projector.linear_1.weight", None),
        ] {
            assert_eq!(in_gguf(name).as_deref(), there, "{name}");
        }
    }
}
