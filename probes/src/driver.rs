//! The NVIDIA driver's version as its kernel module tells it.

/// From the text of `/proc/driver/nvidia/version`: `NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.124.06
/// Wed ...`, or `NVIDIA UNIX Open Kernel Module for x86_64  570.124.06  Release Build`.
pub(crate) fn version(text: &str) -> Option<String> {
    let line = text
        .lines()
        .find(|line| line.starts_with("NVRM version:"))?;
    let is_version = |word: &&str| {
        word.contains('.') && word.bytes().all(|it| it.is_ascii_digit() || it == b'.')
    };
    line.split_whitespace().find(is_version).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_modules_tell_their_version() {
        for text in [
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.124.06  Wed Feb 26 2025\nGCC version:  gcc version 12.3.0\n",
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.124.06  Release Build  (dvs-builder@)\n",
        ] {
            assert_eq!(version(text).as_deref(), Some("570.124.06"));
        }
        assert_eq!(version("GCC version: 12.3"), None);
    }
}
