//! The tensors that a model of a given configuration has: their names and shapes.

use super::config::Config;

/// The names here are those of the older layout; see [`super::layout`].
pub const TOWER: &str = "vision_tower.vision_model";
pub const PROJECTOR: &str = "multi_modal_projector";
pub const LANGUAGE: &str = "language_model";

#[derive(Debug, Clone)]
pub struct Expected {
    pub name: String,
    pub shape: Vec<usize>,
    pub role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Matrix,
    /// A matrix of the language model that is multiplied with and nothing else: it may be quantised.
    Product,
    /// A normalisation's factors, about 1.
    Scale,
    /// Added, about 0.
    Bias,
    /// Belongs to the architecture, but nothing reads it with this configuration: the tower's
    /// layers past the features, the head that tied embeddings replace. It may be absent.
    Unread,
}

impl Expected {
    pub fn elements(&self) -> u64 {
        self.shape.iter().map(|&side| side as u64).product()
    }
}

pub fn of(config: &Config) -> Vec<Expected> {
    let mut list = List::default();
    tower(&mut list, config);
    projector(&mut list, config);
    language(&mut list, config);
    list.0
}

#[derive(Default)]
struct List(Vec<Expected>);

impl List {
    fn add(&mut self, name: String, shape: &[usize], role: Role) {
        self.0.push(Expected {
            name,
            shape: shape.into(),
            role,
        });
    }

    /// One of the language model.
    fn product(&mut self, name: &str, to: usize, from: usize) {
        self.add(format!("{name}.weight"), &[to, from], Role::Product);
    }

    fn linear(&mut self, name: &str, to: usize, from: usize, bias: bool, read: bool) {
        let role = |role| if read { role } else { Role::Unread };
        self.add(format!("{name}.weight"), &[to, from], role(Role::Matrix));
        if bias {
            self.add(format!("{name}.bias"), &[to], role(Role::Bias));
        }
    }

    fn layer_norm(&mut self, name: &str, size: usize, read: bool) {
        let role = |role| if read { role } else { Role::Unread };
        self.add(format!("{name}.weight"), &[size], role(Role::Scale));
        self.add(format!("{name}.bias"), &[size], role(Role::Bias));
    }
}

fn tower(list: &mut List, config: &Config) {
    let vision = &config.vision;
    let (size, wide, patch) = (
        vision.hidden_size,
        vision.intermediate_size,
        vision.patch_size,
    );
    let embeddings = format!("{TOWER}.embeddings");
    list.add(format!("{embeddings}.class_embedding"), &[size], Role::Bias);
    list.add(
        format!("{embeddings}.patch_embedding.weight"),
        &[size, 3, patch, patch],
        Role::Matrix,
    );
    list.add(
        format!("{embeddings}.position_embedding.weight"),
        &[vision.patches() + 1, size],
        Role::Matrix,
    );
    // Misspelt by CLIP itself.
    list.layer_norm(&format!("{TOWER}.pre_layrnorm"), size, true);
    for index in 0..vision.num_hidden_layers {
        let layer = format!("{TOWER}.encoder.layers.{index}");
        let read = index < config.feature_layers;
        for part in ["q_proj", "k_proj", "v_proj", "out_proj"] {
            list.linear(&format!("{layer}.self_attn.{part}"), size, size, true, read);
        }
        list.layer_norm(&format!("{layer}.layer_norm1"), size, read);
        list.linear(&format!("{layer}.mlp.fc1"), wide, size, true, read);
        list.linear(&format!("{layer}.mlp.fc2"), size, wide, true, read);
        list.layer_norm(&format!("{layer}.layer_norm2"), size, read);
    }
    list.layer_norm(&format!("{TOWER}.post_layernorm"), size, false);
}

fn projector(list: &mut List, config: &Config) {
    let (from, to) = (config.vision.hidden_size, config.text.hidden_size);
    let bias = config.projector_bias;
    list.linear(&format!("{PROJECTOR}.linear_1"), to, from, bias, true);
    list.linear(&format!("{PROJECTOR}.linear_2"), to, to, bias, true);
}

/// The language model's embedding.
pub fn embedding() -> String {
    format!("{LANGUAGE}.model.embed_tokens.weight")
}

/// The language model's head, which tied embeddings replace.
pub fn head() -> String {
    format!("{LANGUAGE}.lm_head.weight")
}

fn language(list: &mut List, config: &Config) {
    let text = &config.text;
    let (size, wide) = (text.hidden_size, text.intermediate_size);
    let (all, shared) = (
        text.head_dim() * text.num_attention_heads,
        text.head_dim() * text.key_value_heads(),
    );
    let model = format!("{LANGUAGE}.model");
    list.add(embedding(), &[text.vocab_size, size], Role::Matrix);
    for index in 0..text.num_hidden_layers {
        let layer = format!("{model}.layers.{index}");
        list.product(&format!("{layer}.self_attn.q_proj"), all, size);
        list.product(&format!("{layer}.self_attn.k_proj"), shared, size);
        list.product(&format!("{layer}.self_attn.v_proj"), shared, size);
        list.product(&format!("{layer}.self_attn.o_proj"), size, all);
        list.product(&format!("{layer}.mlp.gate_proj"), wide, size);
        list.product(&format!("{layer}.mlp.up_proj"), wide, size);
        list.product(&format!("{layer}.mlp.down_proj"), size, wide);
        list.add(
            format!("{layer}.input_layernorm.weight"),
            &[size],
            Role::Scale,
        );
        list.add(
            format!("{layer}.post_attention_layernorm.weight"),
            &[size],
            Role::Scale,
        );
    }
    list.add(format!("{model}.norm.weight"), &[size], Role::Scale);
    let role = match text.tie_word_embeddings {
        true => Role::Unread,
        false => Role::Product,
    };
    list.add(head(), &[text.vocab_size, size], role);
}
