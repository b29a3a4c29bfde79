//! The memory that a model will need, worked out from its configuration and the headers of its
//! weights before anything is allocated, and compared with what there is.

use super::llava::check_context;
use super::placement::{Format, Placement};
use super::{Checkpoint, ModelError, Precision, Sampling};

/// Bytes on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    pub weights_bytes: u64,
    /// For the prompt and all new tokens.
    pub kv_cache_bytes: u64,
    /// The largest working set of any step: loading, seeing the image, reading the prompt.
    pub activations_bytes: u64,
}

impl Estimate {
    pub fn total_bytes(&self) -> u64 {
        self.weights_bytes
            .saturating_add(self.kv_cache_bytes)
            .saturating_add(self.activations_bytes)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Free on the device now.
    pub free_bytes: u64,
    /// To be left free.
    pub reserve_bytes: u64,
    pub total_bytes: u64,
    /// Of the total, for the weights alone.
    pub memory_fraction: Option<f64>,
    /// For the weights alone.
    pub memory_cap_bytes: Option<u64>,
    /// The smaller of these two is rounded to a whole number of so many bytes.
    pub memory_round_bytes: Option<u64>,
}

/// What the weights may take, and why.
#[derive(Debug, PartialEq, Eq)]
struct Bound {
    bytes: u64,
    because: String,
}

impl Limits {
    fn of_weights(&self) -> Option<Bound> {
        let fraction = self.memory_fraction.map(|fraction| Bound {
            bytes: (self.total_bytes as f64 * fraction) as u64,
            because: format!("the memory fraction {fraction}, which is"),
        });
        let cap = self.memory_cap_bytes.map(|bytes| Bound {
            bytes,
            because: "the memory cap of".to_owned(),
        });
        let smaller = [fraction, cap]
            .into_iter()
            .flatten()
            .min_by_key(|it| it.bytes)?;
        let because = format!("{} {}", smaller.because, gib(smaller.bytes));
        Some(match self.memory_round_bytes.filter(|&step| step > 0) {
            None => Bound { because, ..smaller },
            Some(step) => {
                let bytes = rounded(smaller.bytes, step);
                Bound {
                    bytes,
                    because: format!("{because}, rounded to {}", gib(bytes)),
                }
            }
        })
    }
}

/// To the nearest, halves up, and never to nothing.
fn rounded(bytes: u64, step: u64) -> u64 {
    let steps = bytes.saturating_add(step / 2) / step;
    steps.max(1).saturating_mul(step)
}

/// What `question` about one image will need. Refuses a question that the context cannot hold.
pub fn estimate(
    checkpoint: &Checkpoint,
    precision: impl Into<Precision>,
    question: &str,
    sampling: &Sampling,
) -> Result<Estimate, ModelError> {
    let precision = precision.into();
    let config = &checkpoint.config;
    let prompt = checkpoint.prompter.prompt(question, 1)?.tokens.len();
    check_context(
        prompt,
        sampling.max_new_tokens,
        config.text.max_position_embeddings,
    )?;

    let width = precision.dtype.size_in_bytes() as u64;
    let placements = checkpoint
        .weights
        .placements(&checkpoint.tensors, precision);
    let weights = placements.iter().map(|it| it.bytes()).sum();
    let quantised = |placement: &Placement<'_>| matches!(placement.format, Format::Quantised(_));
    let [layers, heads, hidden, wide, vocabulary] = [
        config.text.num_hidden_layers,
        config.text.num_attention_heads,
        config.text.hidden_size,
        config.text.intermediate_size,
        config.text.vocab_size,
    ]
    .map(|size| size as u64);
    let per_token = 2 * (config.text.key_value_heads() * config.text.head_dim()) as u64;
    let tokens = (prompt + sampling.max_new_tokens) as u64;
    let kv_cache = layers * per_token * tokens * width;

    // RoPE's two tables.
    let tables = (config.text.max_position_embeddings * config.text.head_dim()) as u64 * width;
    let step = |tokens: u64, heads: u64, hidden: u64, wide: u64| {
        // The scores are worked in f32: before and after the mask, and their softmax.
        let attention = 3 * heads * tokens * tokens * 4 + tokens * hidden * (4 * width + 3 * 4);
        let mlp = tokens * (4 * wide + 3 * hidden) * width;
        attention.max(mlp)
    };
    let mut prefill = step(prompt as u64, heads, hidden, wide) + vocabulary * (4 + width);
    if placements.iter().any(quantised) {
        // A quantised product reads f32, which it brings into blocks of 36 bytes for 32, and makes f32.
        prefill += prompt as u64 * (wide * 4 + wide * 36 / 32 + hidden * 4) + vocabulary * 4;
    }
    let vision = &config.vision;
    let [seen, seen_heads, seen_hidden, seen_wide] = [
        vision.patches() + 1,
        vision.num_attention_heads,
        vision.hidden_size,
        vision.intermediate_size,
    ]
    .map(|size| size as u64);
    // Every layer's output is kept until the tower is done.
    let states = seen * seen_hidden * width * config.feature_layers as u64;
    let tower = step(seen, seen_heads, seen_hidden, seen_wide) + states;
    // While loading, one tensor is there twice: as stored and as wanted. What is quantised is so on
    // the host.
    let plain = placements.iter().filter(|placement| !quantised(placement));
    let loading = plain
        .map(|it| checkpoint.weights.stored_bytes(it.tensor))
        .max();
    Ok(Estimate {
        weights_bytes: weights,
        kv_cache_bytes: kv_cache,
        activations_bytes: tables + prefill.max(tower).max(loading.unwrap_or(0)),
    })
}

/// Refuses what does not fit, naming the numbers.
pub fn check(estimate: &Estimate, limits: &Limits) -> Result<(), ModelError> {
    let needs = estimate.total_bytes();
    let available = limits.free_bytes.saturating_sub(limits.reserve_bytes);
    let refuse = |why: String| {
        Err(ModelError::OverBudget(format!(
            "the model does not fit: {why} (weights {}, KV cache {}, activations {}; free {} of {}, reserve {}): \
             use --quant q8_0 or q4k, a smaller model, another --dtype or fewer --max-new-tokens, free memory, or pass --no-budget",
            gib(estimate.weights_bytes),
            gib(estimate.kv_cache_bytes),
            gib(estimate.activations_bytes),
            gib(limits.free_bytes),
            gib(limits.total_bytes),
            gib(limits.reserve_bytes),
        )))
    };
    if let Some(bound) = limits.of_weights()
        && estimate.weights_bytes > bound.bytes
    {
        return refuse(format!(
            "its weights of {} exceed {}",
            gib(estimate.weights_bytes),
            bound.because
        ));
    }
    if needs > available {
        return refuse(format!(
            "it needs {}, and {} may be used",
            gib(needs),
            gib(available)
        ));
    }
    Ok(())
}

fn gib(bytes: u64) -> String {
    format!("{:.2} GiB", bytes as f64 / (1_u64 << 30) as f64)
}

#[cfg(test)]
mod tests {
    use candle_core::quantized::QMatMul;
    use candle_core::{DType, Device};

    use super::super::weights::Loaded;
    use super::super::{Preset, Quant, Source, resolve};
    use super::*;

    const GIB: u64 = 1 << 30;
    const ESTIMATE: Estimate = Estimate {
        weights_bytes: 13 * GIB,
        kv_cache_bytes: GIB / 2,
        activations_bytes: GIB / 2,
    };
    const LIMITS: Limits = Limits {
        free_bytes: 20 * GIB,
        reserve_bytes: GIB,
        total_bytes: 24 * GIB,
        memory_fraction: None,
        memory_cap_bytes: None,
        memory_round_bytes: None,
    };

    #[test]
    fn what_fits_exactly_is_allowed() {
        let limits = Limits {
            free_bytes: 15 * GIB,
            memory_fraction: Some(0.55),
            memory_cap_bytes: Some(13 * GIB),
            ..LIMITS
        };
        check(&ESTIMATE, &limits).unwrap();
    }

    #[test]
    fn the_incident_s_bound_is_the_smaller_one_in_whole_gigabytes() {
        const GB: u64 = 1_000_000_000;
        let of = |total_bytes| {
            let limits = Limits {
                total_bytes,
                memory_fraction: Some(0.3),
                memory_cap_bytes: Some(8 * GB),
                memory_round_bytes: Some(GB),
                ..LIMITS
            };
            limits.of_weights().unwrap().bytes
        };
        // 30 % of 24 GiB are 7.7 GB.
        assert_eq!(of(24 * GIB), 8 * GB);
        assert_eq!(of(80 * GIB), 8 * GB);
        assert_eq!(of(16 * GIB), 5 * GB);
        // A card of 2 GiB: not nothing.
        assert_eq!(of(2 * GIB), GB);
        let nothing_to_round = Limits {
            memory_round_bytes: Some(GB),
            ..LIMITS
        };
        assert_eq!(nothing_to_round.of_weights(), None);
        let refused = Limits {
            memory_fraction: Some(0.3),
            memory_round_bytes: Some(GB),
            ..LIMITS
        };
        let refused = check(&ESTIMATE, &refused).unwrap_err().to_string();
        let says = "exceed the memory fraction 0.3, which is 7.20 GiB, rounded to 7.45 GiB (";
        assert!(refused.contains(says), "{refused}");
    }

    #[test]
    fn each_bound_refuses_with_the_numbers() {
        for (limits, says) in [
            (
                Limits {
                    free_bytes: 15 * GIB - 1,
                    ..LIMITS
                },
                "it needs 14.00 GiB, and 14.00 GiB may be used",
            ),
            (
                Limits {
                    free_bytes: 0,
                    ..LIMITS
                },
                "it needs 14.00 GiB, and 0.00 GiB may be used",
            ),
            (
                Limits {
                    memory_fraction: Some(0.3),
                    ..LIMITS
                },
                "exceed the memory fraction 0.3, which is 7.20 GiB",
            ),
            (
                Limits {
                    memory_cap_bytes: Some(8_000_000_000),
                    ..LIMITS
                },
                "exceed the memory cap of 7.45 GiB",
            ),
        ] {
            let refused = check(&ESTIMATE, &limits).unwrap_err();
            assert_eq!(refused.class(), crashpoint_reports::Class::ConfigMemoryPlan);
            let refused = refused.to_string();
            assert!(refused.contains(says), "{refused}");
            assert!(
                refused.contains("weights 13.00 GiB, KV cache 0.50 GiB"),
                "{refused}"
            );
        }
    }

    const SHORT: Sampling = Sampling {
        max_new_tokens: 1,
        temperature: None,
        top_p: None,
        seed: 0,
    };

    fn bytes(loaded: &Loaded) -> usize {
        let plain = loaded.plain.values();
        let plain = plain.map(|tensor| tensor.elem_count() * tensor.dtype().size_in_bytes());
        let quantised = loaded.quantised.values().map(|product| match product {
            QMatMul::QTensor(tensor) => tensor.storage_size_in_bytes(),
            other => panic!("{other:?} is not quantised"),
        });
        plain.sum::<usize>() + quantised.sum::<usize>()
    }

    #[test]
    fn the_weights_take_what_was_estimated() {
        let small = resolve(&Source::Synthetic(Preset::Small)).unwrap();
        for quant in [None, Some(Quant::Q8_0), Some(Quant::Q4K)] {
            let precision = Precision {
                dtype: DType::F16,
                quant,
            };
            let loaded = small.weights.load(&small.tensors, &Device::Cpu, precision);
            let estimated = estimate(&small, precision, "What is it?", &SHORT).unwrap();
            let found = bytes(&loaded.unwrap());
            assert_eq!(found as u64, estimated.weights_bytes, "{quant:?}");
        }
    }

    #[test]
    fn a_tied_head_is_there_a_second_time_only_if_it_is_quantised() {
        let mut small = resolve(&Source::Synthetic(Preset::Small)).unwrap();
        small.config.text.tie_word_embeddings = true;
        small.tensors = super::super::manifest::of(&small.config);
        let of = |quant| {
            let precision = Precision {
                dtype: DType::F16,
                quant,
            };
            let loaded = small.weights.load(&small.tensors, &Device::Cpu, precision);
            let found = bytes(&loaded.unwrap()) as u64;
            let estimated = estimate(&small, precision, "What is it?", &SHORT).unwrap();
            assert_eq!(found, estimated.weights_bytes, "{quant:?}");
            found
        };
        let products = 8 * (4 * 512 * 512 + 3 * 512 * 1376);
        let saved = products * 2 - (products + 32_064 * 512) / 32 * 34;
        assert_eq!(of(None) - of(Some(Quant::Q8_0)), saved);
    }
}
