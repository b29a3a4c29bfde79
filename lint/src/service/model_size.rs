//! How large the weights of a model are, as far as its name says: `llava-1.5-7b-hf` has seven
//! thousand million parameters, `-AWQ` holds them in 4 bits.

use super::quantity::gib;

/// In bytes, of the largest model named in these words. `None` if none says.
pub fn named(words: &[String]) -> Option<(u64, &str)> {
    words
        .iter()
        .filter(|word| word.len() < 512)
        .filter_map(|word| Some((bytes(word)?, word.as_str())))
        .max()
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

fn bytes(word: &str) -> Option<u64> {
    let lower = word.to_ascii_lowercase();
    let parts = || lower.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    let parameters = parts()
        .filter_map(|part| part.strip_suffix('b')?.parse::<f64>().ok())
        .filter(|billions| (0.1..=2000.0).contains(billions))
        .fold(None, |most: Option<f64>, next| {
            Some(most.map_or(next, |most| most.max(next)))
        })?;
    let bits = match () {
        () if [
            "awq", "gptq", "int4", "4bit", "nf4", "q4", "w4a16", "q3", "q2", "exl2", "fp4",
        ]
        .iter()
        .any(|it| lower.contains(it)) =>
        {
            4.0
        }
        () if ["fp8", "int8", "8bit", "q8", "w8a8", "q5", "q6"]
            .iter()
            .any(|it| lower.contains(it)) =>
        {
            8.0
        }
        () => 16.0,
    };
    Some((parameters * 1e9 * bits / 8.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_size() {
        assert_eq!(bytes("llava-hf/llava-1.5-7b-hf"), Some(14_000_000_000));
        assert_eq!(bytes("Qwen/Qwen2.5-32B-Instruct-AWQ"), Some(16_000_000_000));
        assert_eq!(
            bytes("--model=meta-llama/Llama-3.1-8B"),
            Some(16_000_000_000)
        );
        for word in ["/srv/web", "gpt-4", "8x7b", "--block-size", "lib"] {
            assert_eq!(bytes(word), None, "{word}");
        }
    }
}
