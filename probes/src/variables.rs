//! Which environment variables may be written down with their values, in a record that is made to
//! be shared. Only the names of all others are.

const HARMLESS: &[&str] = &[
    "CI",
    "CONDA_DEFAULT_ENV",
    "CONDA_PREFIX",
    "DISPLAY",
    "GITHUB_ACTIONS",
    "HF_DATASETS_OFFLINE",
    "HF_ENDPOINT",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HF_HUB_DISABLE_XET",
    "HF_HUB_ENABLE_HF_TRANSFER",
    "HF_HUB_OFFLINE",
    "INVOCATION_ID",
    "LANG",
    "LANGUAGE",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "NO_COLOR",
    "PATH",
    "PYTHONFAULTHANDLER",
    "PYTHONHOME",
    "PYTHONPATH",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "RUST_MIN_STACK",
    "SLURM_JOB_ID",
    "TERM",
    "TOKENIZERS_PARALLELISM",
    "TRANSFORMERS_CACHE",
    "TRANSFORMERS_OFFLINE",
    "TZ",
    "VIRTUAL_ENV",
    "container",
];

const HARMLESS_PREFIXES: &[&str] = &[
    "CRASHPOINT_",
    "CUBLAS_",
    "CUDA_",
    "CUDNN_",
    "GOMP_",
    "KMP_",
    "LC_",
    "MALLOC_",
    "MKL_",
    "NCCL_",
    "NUMEXPR_",
    "NVIDIA_",
    "OMP_",
    "OPENBLAS_",
    "PYTORCH_",
    "RAYON_",
    "TORCH_",
    "VECLIB_",
];

/// A name with one of these is never covered by a prefix.
const SUSPECT: &[&str] = &["AUTH", "CRED", "KEY", "PASS", "PWD", "SECRET", "TOKEN"];

/// The value as it may be written down; `None` where only the name may.
pub fn shown(name: &str, value: &str) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    let by_prefix = || {
        HARMLESS_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
            && !SUSPECT.iter().any(|word| upper.contains(word))
    };
    (HARMLESS.contains(&name) || by_prefix()).then(|| redact(value))
}

/// Takes `user:password@` and everything after a `?` out of whatever looks like an address.
fn redact(value: &str) -> String {
    value
        .split_inclusive(char::is_whitespace)
        .map(redact_word)
        .collect()
}

fn redact_word(word: &str) -> String {
    const REDACTED: &str = "[redacted]";
    let text = word.trim_end();
    let space = &word[text.len()..];
    let (scheme, rest) = match text.find("://") {
        Some(at) => text.split_at(at + "://".len()),
        None => ("", text),
    };
    // A password may hold any sign, so an address loses all up to its last "@". Without a scheme
    // only `user:password@` itself will do: a search path may hold ":" and "@" as well.
    let secret = rest.rfind('@').filter(|at| {
        let (user, password) = rest[..*at].split_once(':').unwrap_or(("", ""));
        !scheme.is_empty() || (!user.is_empty() && !user.contains('/') && !password.contains('/'))
    });
    let (before, rest) = secret.map_or(("", rest), |at| (REDACTED, &rest[at..]));
    match rest.split_once('?').filter(|_| !scheme.is_empty()) {
        Some((address, _)) => format!("{scheme}{before}{address}?{REDACTED}{space}"),
        None => format!("{scheme}{before}{rest}{space}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_never_shown() {
        for name in [
            "HF_TOKEN",
            "HUGGING_FACE_HUB_TOKEN",
            "NVIDIA_API_KEY",
            "CUDA_SECRET",
            "OPENAI_API_KEY",
            "HOME",
            "TORCH_AUTH",
            "path",
            "PATHS",
            "NCCL_password",
            "",
        ] {
            assert_eq!(shown(name, "x"), None, "{name}");
        }
    }

    #[test]
    fn what_decides_about_a_gpu_is_shown() {
        for name in [
            "CUDA_VISIBLE_DEVICES",
            "PATH",
            "LD_LIBRARY_PATH",
            "PYTORCH_CUDA_ALLOC_CONF",
            "LC_ALL",
            "NVIDIA_VISIBLE_DEVICES",
            "RAYON_NUM_THREADS",
            "OMP_NUM_THREADS",
            "TOKENIZERS_PARALLELISM",
        ] {
            assert_eq!(shown(name, "0,1"), Some("0,1".into()), "{name}");
        }
    }

    #[test]
    fn credentials_in_addresses_are_taken_out() {
        for (value, expected) in [
            (
                "https://me:pa/ss@hub.example/x",
                "https://[redacted]@hub.example/x",
            ),
            (
                "https://token@hub.example",
                "https://[redacted]@hub.example",
            ),
            (
                "https://hub.example/?token=abc&x=1",
                "https://hub.example/?[redacted]",
            ),
            ("me:secret@hub.example", "[redacted]@hub.example"),
            ("a http://u:p@h  b", "a http://[redacted]@h  b"),
            ("https://hub.example:8080/a", "https://hub.example:8080/a"),
            (
                "/opt/python@3.11/bin:/usr/bin:/a@b",
                "/opt/python@3.11/bin:/usr/bin:/a@b",
            ),
            ("max_split_size_mb:128", "max_split_size_mb:128"),
            ("en_GB.UTF-8@euro", "en_GB.UTF-8@euro"),
            ("", ""),
        ] {
            assert_eq!(redact(value), expected);
        }
    }
}
