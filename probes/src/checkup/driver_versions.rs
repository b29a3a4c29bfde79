//! Whether the parts of the driver are of one version: its kernel module and its libraries.

use crashpoint_reports::checkup::{Check, Topic};
use crashpoint_reports::env::Section;

use super::about::About;
use super::cards::Cards;
use super::machine::Machine;

pub(super) const ABOUT: About = About {
    topic: Topic::Gpu,
    name: "driver versions",
    matters: "the driver's libraries start with a kernel module of the very same version only: after an update without a restart nothing does",
};

/// Of the kernel module, or as NVML tells it.
pub(super) fn loaded(machine: &Machine, cards: &Cards) -> Option<String> {
    module(machine).or_else(|| cards.facts.driver_version.clone())
}

fn module(machine: &Machine) -> Option<String> {
    let text = machine.text("/proc/driver/nvidia/version");
    text.and_then(|text| crate::driver::version(&text))
        .or_else(|| machine.text("/sys/module/nvidia/version"))
}

/// `libraries` as the loader finds them.
pub(super) fn check(machine: &Machine, libraries: &Section, cards: &Cards) -> Check {
    let module = module(machine);
    let library = |name: &str| {
        let path = libraries.get(name)?;
        Some(version(path)?.to_owned())
    };
    let parts: Vec<(&str, String)> = [
        ("kernel module", module.clone()),
        ("libcuda", library("libcuda.so.1")),
        ("libnvidia-ml", library("libnvidia-ml.so.1")),
        ("NVML", cards.facts.driver_version.clone()),
    ]
    .into_iter()
    .filter_map(|(name, version)| Some((name, version?)))
    .collect();
    if parts.is_empty() {
        return ABOUT.good("neither a kernel module nor a library of NVIDIA's driver");
    }
    let told = |(name, version): &(&str, String)| format!("{name} {version}");
    let seen = parts.iter().map(told).collect::<Vec<_>>().join(", ");
    let first = &parts[0].1;
    if parts.iter().any(|(_, version)| version != first) {
        return ABOUT.bad(
            seen,
            &[
                "sudo reboot  # after an update of the driver",
                "# in a container: take the driver's libraries from the host (nvidia-container-toolkit), and none of the image's own",
            ],
        );
    }
    if module.is_none() {
        return ABOUT.doubtful(
            format!("{seen}, but no kernel module is loaded"),
            &[
                "sudo modprobe nvidia",
                "sudo dmesg | grep -iE 'nvrm|nouveau'",
            ],
        );
    }
    if !libraries.contains_key("libcuda.so.1") {
        return ABOUT.doubtful(
            format!("{seen}, but the loader finds no libcuda.so.1"),
            &[
                "sudo ldconfig  # after the driver was installed",
                "# in a container: NVIDIA_DRIVER_CAPABILITIES=compute,utility",
            ],
        );
    }
    ABOUT.good(seen)
}

/// `/usr/lib/libcuda.so.570.124.06`; a stub or a link has none.
fn version(path: &str) -> Option<&str> {
    let (_, version) = path.rsplit_once(".so.")?;
    version.contains('.').then_some(version)
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;

    fn libraries(version: &str) -> Section {
        ["libcuda.so.1", "libnvidia-ml.so.1"]
            .map(|name| {
                let stem = name.trim_end_matches(".1");
                (name.to_owned(), format!("/usr/lib/{stem}.{version}"))
            })
            .into()
    }

    #[test]
    fn one_version_is_good_and_two_are_bad() {
        let other = Other::new("driver-versions", &[]);
        let none = Cards::default();
        let look = |libraries: &Section| check(&other.machine, libraries, &none);
        assert_eq!(look(&Section::new()).state, State::Good);
        assert_eq!(look(&libraries("570.124.06")).state, State::Doubtful);
        other.put("/sys/module/nvidia/version", "570.124.06\n");
        assert_eq!(look(&libraries("570.124.06")).state, State::Good);
        assert_eq!(look(&Section::new()).state, State::Doubtful);
        let found = look(&libraries("575.51.03"));
        assert_eq!(found.state, State::Bad);
        assert!(
            found
                .seen
                .contains("kernel module 570.124.06, libcuda 575.51.03"),
            "{}",
            found.seen
        );
    }
}
