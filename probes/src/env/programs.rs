//! What a name leads to on a `PATH`: the first file there that may be executed.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crashpoint_reports::env::{NOT_FOUND, Section};

use super::root::Root;

const NAMES: [&str; 4] = ["python", "python3", "nvidia-smi", "nvcc"];

pub(super) fn of(root: &Root, path: Option<&str>, working: Option<&Path>) -> Section {
    let of = |name: &str| {
        let found = find(root, path, working, name);
        let shown = found.map_or_else(|| NOT_FOUND.to_owned(), |path| path.display().to_string());
        (name.to_owned(), shown)
    };
    NAMES.into_iter().map(of).collect()
}

/// With its links: a virtual environment is one.
pub(super) fn find(
    root: &Root,
    path: Option<&str>,
    working: Option<&Path>,
    name: &str,
) -> Option<PathBuf> {
    // As execvp(3) has it where there is none.
    let path = path.unwrap_or("/bin:/usr/bin");
    path.split(':').find_map(|entry| {
        // An empty entry is the working directory.
        let folder = match Path::new(entry) {
            absolute if absolute.is_absolute() => absolute.to_owned(),
            relative => working?.join(relative),
        };
        let file = folder.join(name);
        is_executable(root, &file).then_some(file)
    })
}

fn is_executable(root: &Root, file: &Path) -> bool {
    let meta = root.path(file).and_then(|path| path.metadata().ok());
    meta.is_some_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_first_that_may_be_executed_counts() {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str, mode: u32| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        put("opt/conda/bin/python", 0o644);
        put("usr/bin/python", 0o755);
        put("srv/app/python3", 0o755);
        let root = Root::at(folder.path());
        let section = of(
            &root,
            Some("/opt/conda/bin::/usr/bin"),
            Some(Path::new("/srv/app")),
        );
        assert_eq!(section["python"], "/usr/bin/python");
        assert_eq!(section["python3"], "/srv/app/python3");
        assert_eq!(section["nvcc"], NOT_FOUND);
        assert_eq!(of(&root, None, None)["python"], "/usr/bin/python");
    }
}
