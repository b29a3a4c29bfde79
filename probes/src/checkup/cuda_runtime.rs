//! Whether the driver is new enough for the CUDA libraries that there are.

use std::path::PathBuf;

use crashpoint_reports::checkup::{Check, Topic};
use crashpoint_reports::env::Section;

use super::about::About;
use super::worst::Worst;

pub(super) const ABOUT: About = About {
    topic: Topic::Gpu,
    name: "CUDA runtime",
    matters: "a CUDA library fails to start on a driver that is older than its major version asks for",
};

/// The oldest driver of Linux for each major version (CUDA's release notes and its guide CUDA Compatibility,
/// "minor version compatibility").
const LEAST_DRIVER: [(u32, &str); 4] = [
    (13, "580"),
    (12, "525.60.13"),
    (11, "450.80.02"),
    (10, "440.33"),
];

/// `python` is the first interpreter on the `PATH` with its packages.
pub(super) fn check(
    driver: Option<&str>,
    libraries: &Section,
    python: Option<&(PathBuf, Section)>,
) -> Check {
    let mut found: Vec<(String, u32)> = Vec::new();
    let mut beside = Vec::new();
    if let Some(path) = libraries.get("libcudart") {
        found.extend(major(after(path, ".so.")).map(|it| (path.clone(), it)));
    }
    beside.extend(libraries.get("libcudnn").cloned());
    for (name, version) in python.iter().flat_map(|(_, packages)| packages) {
        let of = match name.as_str() {
            "torch" => after(version, "+cu").and_then(of_build),
            runtime if runtime.starts_with("nvidia-cuda-runtime") => major(Some(version)),
            cudnn if cudnn.starts_with("nvidia-cudnn") => {
                beside.push(format!("{cudnn} {version}"));
                None
            }
            _ => None,
        };
        found.extend(of.map(|it| (format!("{name} {version}"), it)));
    }
    let mut worst = Worst::default();
    for (what, major) in found {
        let least = LEAST_DRIVER.iter().find(|(known, _)| *known == major);
        match (driver, least) {
            (Some(driver), Some((_, least))) if parts(driver) < parts(least) => worst.bad(
                format!("{what} is of CUDA {major}, which needs a driver from {least} on; there is {driver}"),
                &["# install a newer driver, or packages built for an older CUDA (PyTorch: --index-url https://download.pytorch.org/whl/cu118)"],
            ),
            _ => worst.good(format!("{what} (CUDA {major})")),
        }
    }
    beside.into_iter().for_each(|it| worst.good(it));
    let nothing = match python {
        Some((path, _)) => format!("none that the loader or {} finds", path.display()),
        None => "none that the loader finds, and no Python on the PATH".to_owned(),
    };
    worst.check(&ABOUT, &nothing)
}

fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.rsplit_once(mark).map(|(_, rest)| rest)
}

/// `12.4.127`.
fn major(version: Option<&str>) -> Option<u32> {
    version?.split('.').next()?.parse().ok()
}

/// `cu121` is 12.1, and `cu118` 11.8.
fn of_build(digits: &str) -> Option<u32> {
    digits.get(..2)?.parse().ok()
}

fn parts(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crashpoint_reports::checkup::State;

    fn section(pairs: &[(&str, &str)]) -> Section {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn a_driver_has_to_be_new_enough_for_the_major_version() {
        let libraries = section(&[("libcudart", "/usr/local/cuda/lib64/libcudart.so.12.4.127")]);
        let look = |driver: &str| check(Some(driver), &libraries, None).state;
        assert_eq!(look("525.60.13"), State::Good);
        assert_eq!(look("525.60.11"), State::Bad);
        assert_eq!(look("470.256.02"), State::Bad);
        assert_eq!(check(None, &libraries, None).state, State::Good);
        assert_eq!(
            check(Some("570.1"), &Section::new(), None).state,
            State::Good
        );
    }

    #[test]
    fn packages_bring_a_runtime_of_their_own() {
        let of = |packages: &[(&str, &str)], driver: &str| {
            let python = (PathBuf::from("/env/bin/python"), section(packages));
            check(Some(driver), &Section::new(), Some(&python))
        };
        assert_eq!(of(&[("torch", "2.4.0+cu121")], "470.1").state, State::Bad);
        assert_eq!(of(&[("torch", "2.4.0+cu118")], "470.1").state, State::Good);
        assert_eq!(of(&[("torch", "2.4.0+cpu")], "470.1").state, State::Good);
        assert_eq!(
            of(&[("nvidia-cuda-runtime", "13.0.48")], "570.1").state,
            State::Bad
        );
        let cudnn = of(&[("nvidia-cudnn-cu12", "9.1.0.70")], "570.1");
        assert!(cudnn.seen.contains("9.1.0.70"), "{}", cudnn.seen);
    }
}
