//! Several GPUs by name: `all`, or a list such as `cuda:0,cuda:2`.

use crashpoint_reports::environment::Gpu;

const ALL: &str = "all";

/// As it was written, if it is one.
pub fn parse(text: &str) -> Result<String, String> {
    if text == ALL {
        return Ok(text.to_owned());
    }
    let mut seen = Vec::new();
    for name in text.split(',') {
        let number = number(name)
            .ok_or_else(|| format!("{name:?} is no device: say all, or such as cuda:0,cuda:1"))?;
        if seen.contains(&number) {
            return Err(format!("{name} is named twice"));
        }
        seen.push(number);
    }
    Ok(text.to_owned())
}

fn number(name: &str) -> Option<usize> {
    name.strip_prefix("cuda:")?.parse().ok()
}

/// The name and the UUID of each, out of those that this process may use, in the order of `nvidia-smi`
/// or of `CUDA_VISIBLE_DEVICES`.
pub fn wanted(text: &str, gpus: &[Gpu]) -> Result<Vec<(String, String)>, String> {
    let named = |number: usize| {
        let gpu = gpus.get(number).ok_or_else(|| {
            let last = gpus.len().saturating_sub(1);
            format!("there is no cuda:{number}: the last GPU that can be used is cuda:{last}")
        })?;
        Ok((format!("cuda:{number}"), gpu.uuid.clone()))
    };
    if text == ALL {
        return (0..gpus.len()).map(named).collect();
    }
    text.split(',').filter_map(number).map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_all_or_each() {
        let gpus = ["GPU-a", "GPU-b", "GPU-c"].map(|uuid| Gpu {
            uuid: uuid.to_owned(),
            ..Gpu::default()
        });
        let found = |text: &str| {
            let wanted = wanted(&parse(text)?, &gpus)?;
            let joined = wanted.iter().map(|(name, uuid)| format!("{name}={uuid}"));
            Ok::<_, String>(joined.collect::<Vec<_>>().join(" "))
        };
        let all = "cuda:0=GPU-a cuda:1=GPU-b cuda:2=GPU-c";
        assert_eq!(found("all").unwrap(), all);
        assert_eq!(found("cuda:2,cuda:0").unwrap(), "cuda:2=GPU-c cuda:0=GPU-a");
        assert_eq!(found("cuda:1,cuda:1").unwrap_err(), "cuda:1 is named twice");
        let beyond = "there is no cuda:3: the last GPU that can be used is cuda:2";
        assert_eq!(found("cuda:3").unwrap_err(), beyond);
        for wrong in ["", "cpu", "cuda:0,", "cuda:x", "0"] {
            assert!(
                found(wrong).unwrap_err().contains("is no device"),
                "{wrong}"
            );
        }
    }
}
