//! Where large or fast files lie, as a process sees it: shared memory, temporary files, the models.

use std::path::{Path, PathBuf};

use crashpoint_reports::env::Section;
use nix::sys::statvfs::statvfs;

use super::root::Root;
use crate::mount;

/// `cache` is where models are kept, which need not exist.
pub(super) fn of(root: &Root, mountinfo: &str, cache: Option<&Path>) -> Section {
    let mut section = Section::new();
    let places = [
        ("/dev/shm", Some(Path::new("/dev/shm"))),
        ("/tmp", Some(Path::new("/tmp"))),
        ("model cache", cache),
    ];
    for (name, place) in places {
        if let Some(told) = place.and_then(|place| one(root, mountinfo, place)) {
            section.insert(name.to_owned(), told);
        }
    }
    section
}

/// As in `tmpfs, 15.6 GiB, read-only`. Of what does not exist: the folder that it would be made in.
fn one(root: &Root, mountinfo: &str, place: &Path) -> Option<String> {
    let (real, outside) = place
        .ancestors()
        .find_map(|path| Some((root.resolve(path)?, root.path(path)?)))?;
    let mount = mount::nearest(mountinfo, &real)?;
    let mut told = mount.fs_type.clone();
    if let Ok(room) = statvfs(&outside) {
        let bytes = room.blocks().saturating_mul(room.fragment_size());
        told = format!("{told}, {:.1} GiB", bytes as f64 / f64::from(1_u32 << 30));
    }
    if mount.mount_options.contains_key("ro") || mount.super_options.contains_key("ro") {
        told.push_str(", read-only");
    }
    Some(told)
}

/// As huggingface_hub's `constants.py` has it.
pub(super) fn cache(
    variable: impl Fn(&str) -> Option<String>,
    home: Option<&str>,
) -> Option<PathBuf> {
    let set = |name: &str| {
        variable(name)
            .filter(|value| value.starts_with('/'))
            .map(PathBuf::from)
    };
    let home = variable("HOME").or(home.map(str::to_owned));
    set("HF_HUB_CACHE")
        .or_else(|| set("HF_HOME").map(|it| it.join("hub")))
        .or_else(|| set("XDG_CACHE_HOME").map(|it| it.join("huggingface/hub")))
        .or_else(|| Some(PathBuf::from(home?).join(".cache/huggingface/hub")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_with_its_filesystem() {
        let mountinfo =
            "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 0:40 / /tmp ro - tmpfs tmpfs rw\n";
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        let section = of(
            &Root::at(folder.path()),
            mountinfo,
            Some(Path::new("/var/none/hub")),
        );
        assert!(section["/tmp"].starts_with("tmpfs, "), "{section:?}");
        assert!(section["/tmp"].ends_with(", read-only"), "{section:?}");
        assert!(section["model cache"].starts_with("ext4, "), "{section:?}");
    }

    #[test]
    fn models_lie_where_the_variables_say() {
        let with = |set: &'static [(&str, &str)]| {
            let variable = move |name: &str| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            cache(variable, Some("/home/me")).unwrap()
        };
        assert_eq!(with(&[]), Path::new("/home/me/.cache/huggingface/hub"));
        assert_eq!(
            with(&[("HF_HOME", "/m"), ("XDG_CACHE_HOME", "/x")]),
            Path::new("/m/hub")
        );
        assert_eq!(
            with(&[("HOME", "/srv")]),
            Path::new("/srv/.cache/huggingface/hub")
        );
    }
}
