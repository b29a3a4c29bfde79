//! How large the weights of a model are, as far as its name says: `llava-1.5-7b-hf` has seven
//! thousand million parameters, `-AWQ` holds them in 4 bits.

use super::quantity::gib;

/// In bytes, of the largest model named in these words. `None` if none says.
pub fn named(words: &[String]) -> Option<(u64, &str)> {
    let bits = words.iter().map(|word| bits(word)).min()?;
    words
        .iter()
        .filter(|word| word.len() < 512)
        .filter_map(|word| Some((parameters(word)?, word.as_str())))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(billions, word)| ((billions * 1e9 * f64::from(bits) / 8.0) as u64, word))
}

/// Why a bound on the host's memory is too low for what these words start. `least` is what anything
/// needs.
pub fn judge(limit: u64, least: u64, words: &[String]) -> Option<String> {
    if limit < least {
        return Some(format!(
            "a process with a CUDA context and its libraries takes about {}",
            gib(least)
        ));
    }
    let (weights, name) = named(words)?;
    (limit < weights / 2).then(|| {
        format!(
            "the weights of {name} are about {}, and pass through the host's memory",
            gib(weights)
        )
    })
}

/// In thousand millions.
fn parameters(word: &str) -> Option<f64> {
    word.split(|c: char| !c.is_ascii_alphanumeric() && c != '.')
        .filter_map(|part| part.strip_suffix(['b', 'B'])?.parse::<f64>().ok())
        .filter(|billions| (0.1..=2000.0).contains(billions))
        .max_by(f64::total_cmp)
}

/// Of a weight, by what a model's name or an option says; whole numbers, to be compared.
fn bits(word: &str) -> u32 {
    const FOUR: [&str; 11] = [
        "awq", "gptq", "int4", "4bit", "nf4", "q4", "w4a16", "q3", "q2", "exl2", "fp4",
    ];
    const EIGHT: [&str; 7] = ["fp8", "int8", "8bit", "q8", "w8a8", "q5", "q6"];
    let lower = word.to_ascii_lowercase();
    let says = |list: &[&str]| list.iter().any(|it| lower.contains(it));
    match (says(&FOUR), says(&EIGHT)) {
        (true, _) => 4,
        (_, true) => 8,
        _ => 16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_size() {
        let of = |text: &str| {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            named(&words).map(|(bytes, _)| bytes)
        };
        assert_eq!(of("serve llava-hf/llava-1.5-7b-hf"), Some(14_000_000_000));
        assert_eq!(of("Qwen/Qwen2.5-32B-Instruct-AWQ"), Some(16_000_000_000));
        assert_eq!(of("--model=meta-llama/Llama-3.1-8B"), Some(16_000_000_000));
        assert_eq!(
            of("--model-id mistral-7b --quantize bitsandbytes-nf4"),
            Some(3_500_000_000)
        );
        for text in ["/srv/web", "gpt-4", "8x7b", "--block-size", "lib"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
