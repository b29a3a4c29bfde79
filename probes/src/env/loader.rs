//! Which CUDA libraries a program gets, by the loader's rules (ld.so(8)): `LD_LIBRARY_PATH`, the cache, the
//! default folders. Paths built into a program itself are not known; what is mapped already is.

use std::path::{Path, PathBuf};

use crashpoint_reports::env::{NOT_FOUND, Section};

use super::ld_cache;
use super::root::Root;

/// What each is called in a capture, and the names it is asked for by, best first.
const LIBRARIES: [(&str, &[&str]); 4] = [
    ("libcuda.so.1", &["libcuda.so.1"]),
    ("libnvidia-ml.so.1", &["libnvidia-ml.so.1"]),
    (
        "libcudart",
        &["libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0"],
    ),
    ("libcudnn", &["libcudnn.so.9", "libcudnn.so.8"]),
];

/// File names begin so, of what may be mapped.
const MAPPED: [&str; 5] = [
    "libcuda.so",
    "libcudart.so",
    "libcudnn.so",
    "libnvidia-ml.so",
    "libcublas.so",
];

/// glibc's, and those of Debian's layout.
#[cfg(target_arch = "aarch64")]
const DEFAULT: [&str; 6] = [
    "/lib64",
    "/usr/lib64",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib",
    "/usr/lib",
];
#[cfg(not(target_arch = "aarch64"))]
const DEFAULT: [&str; 6] = [
    "/lib64",
    "/usr/lib64",
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib",
    "/usr/lib",
];

pub(super) fn found(root: &Root, library_path: Option<&str>, working: Option<&Path>) -> Section {
    let cache = root
        .bytes(Path::new("/etc/ld.so.cache"))
        .unwrap_or_default();
    let of = |(called, names): (&str, &[&str])| {
        let path = names
            .iter()
            .find_map(|name| find(root, library_path, working, &cache, name));
        let shown = path.map_or_else(|| NOT_FOUND.to_owned(), |path| path.display().to_string());
        (called.to_owned(), shown)
    };
    LIBRARIES.into_iter().map(of).collect()
}

/// Without links: the version is often in the file's own name alone.
fn find(
    root: &Root,
    library_path: Option<&str>,
    working: Option<&Path>,
    cache: &[u8],
    name: &str,
) -> Option<PathBuf> {
    let entries = library_path.filter(|it| !it.is_empty()).into_iter();
    let told = entries.flat_map(|it| it.split([':', ';']));
    let folders = told.filter_map(|entry| match Path::new(entry) {
        absolute if absolute.is_absolute() => Some(absolute.to_owned()),
        relative => Some(working?.join(relative)),
    });
    let candidates = folders
        .map(|folder| folder.join(name))
        .chain(ld_cache::lookup(cache, name))
        .chain(DEFAULT.iter().map(|folder| Path::new(folder).join(name)));
    candidates
        .filter(|path| root.is_file(path))
        .find_map(|path| root.resolve(&path))
}

/// From the text of `/proc/PID/maps`.
pub(super) fn mapped(maps: &str) -> Section {
    let mut section = Section::new();
    for path in maps.lines().filter_map(|line| line.split_once('/')) {
        let path = format!("/{}", path.1);
        let name = path.rsplit('/').next().unwrap_or_default();
        if let Some(known) = MAPPED.iter().find(|known| name.starts_with(**known)) {
            let called = format!("mapped {}", known.trim_end_matches(".so"));
            section.entry(called).or_insert(path);
        }
    }
    section
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_stands_first_on_the_path_shadows_the_systems() {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        put("usr/lib64/libcuda.so.570.1");
        symlink(
            "libcuda.so.570.1",
            folder.path().join("usr/lib64/libcuda.so.1"),
        )
        .unwrap();
        put("opt/stubs/libcuda.so.1");
        put("srv/app/lib/libcudart.so.12");
        let root = Root::at(folder.path());
        let section = found(&root, None, None);
        assert_eq!(section["libcuda.so.1"], "/usr/lib64/libcuda.so.570.1");
        assert_eq!(section["libcudart"], NOT_FOUND);
        let section = found(
            &root,
            Some("/nowhere:/opt/stubs:lib"),
            Some(Path::new("/srv/app")),
        );
        assert_eq!(section["libcuda.so.1"], "/opt/stubs/libcuda.so.1");
        assert_eq!(section["libcudart"], "/srv/app/lib/libcudart.so.12");
    }

    #[test]
    fn what_is_mapped_is_told_once() {
        let maps = "7f1-7f2 r--p 00000000 08:01 12 /usr/lib/libcuda.so.570.1\n\
                    7f2-7f3 r-xp 00001000 08:01 12 /usr/lib/libcuda.so.570.1\n\
                    7f3-7f4 rw-p 00000000 00:00 0 [heap]\n\
                    7f4-7f5 r-xp 00000000 08:01 13 /env/lib/libcudart.so.12 (deleted)\n";
        let section = mapped(maps);
        assert_eq!(section.len(), 2);
        assert_eq!(section["mapped libcuda"], "/usr/lib/libcuda.so.570.1");
        assert_eq!(
            section["mapped libcudart"],
            "/env/lib/libcudart.so.12 (deleted)"
        );
    }
}
