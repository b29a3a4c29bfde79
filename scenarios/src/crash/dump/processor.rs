//! Which instructions this processor does not know.

/// Of the extensions that compilers are asked to use, the ones that are missing.
#[cfg(target_arch = "x86_64")]
pub fn lacks() -> Vec<String> {
    let extensions = [
        ("sse4.2", is_x86_feature_detected!("sse4.2")),
        ("avx", is_x86_feature_detected!("avx")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("f16c", is_x86_feature_detected!("f16c")),
        ("bmi2", is_x86_feature_detected!("bmi2")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512vnni", is_x86_feature_detected!("avx512vnni")),
        ("avx512bf16", is_x86_feature_detected!("avx512bf16")),
    ];
    let missing = extensions.into_iter().filter(|(_, has)| !has);
    missing.map(|(name, _)| name.to_owned()).collect()
}

#[cfg(not(target_arch = "x86_64"))]
pub fn lacks() -> Vec<String> {
    Vec::new()
}
