//! Versions of the packages that decide about inference, by the folders that installers leave.

use std::path::PathBuf;

use crashpoint_reports::env::{NOT_FOUND, Section};

use super::interpreter::Interpreter;
use super::root::Root;

const NAMES: [&str; 9] = [
    "accelerate",
    "bitsandbytes",
    "numpy",
    "pillow",
    "safetensors",
    "tokenizers",
    "torch",
    "transformers",
    "vllm",
];

/// In the order in which the interpreter looks. `home` is the user's, for what was installed there.
pub(super) fn of(
    root: &Root,
    python: &Interpreter,
    python_path: Option<&str>,
    home: Option<&str>,
) -> Section {
    let installed = installed(root, python, python_path, home);
    let version = |name: &str| {
        let found = installed.iter().find(|(known, _)| known == name);
        found.map_or_else(|| NOT_FOUND.to_owned(), |(_, version)| version.clone())
    };
    NAMES
        .into_iter()
        .map(|name| (name.to_owned(), version(name)))
        .collect()
}

/// The packages that bring CUDA's own libraries, as in `nvidia-cuda-runtime-cu12`.
pub(super) fn cuda(
    root: &Root,
    python: &Interpreter,
    python_path: Option<&str>,
    home: Option<&str>,
) -> Section {
    let mut all = installed(root, python, python_path, home);
    all.retain(|(name, _)| {
        ["nvidia-cuda-runtime", "nvidia-cudnn"]
            .iter()
            .any(|it| name.starts_with(it))
    });
    all.into_iter().rev().collect()
}

/// Names and versions, in the order in which they are found.
fn installed(
    root: &Root,
    python: &Interpreter,
    python_path: Option<&str>,
    home: Option<&str>,
) -> Vec<(String, String)> {
    let folders = folders(python, python_path, home);
    let names = folders
        .iter()
        .flat_map(|folder| root.names(folder).unwrap_or_default());
    names.filter_map(|name| distribution(&name)).collect()
}

fn folders(python: &Interpreter, python_path: Option<&str>, home: Option<&str>) -> Vec<PathBuf> {
    let told = python_path.into_iter().flat_map(|it| it.split(':'));
    let mut folders: Vec<PathBuf> = told
        .filter(|it| it.starts_with('/'))
        .map(PathBuf::from)
        .collect();
    let Some(minor) = &python.minor else {
        return folders;
    };
    let is_environment = python.prefix != python.base;
    if let Some(home) = home.filter(|_| !is_environment) {
        folders.push(PathBuf::from(home).join(format!(".local/lib/python{minor}/site-packages")));
    }
    folders.push(
        python
            .prefix
            .join(format!("lib/python{minor}/site-packages")),
    );
    folders.push(
        python
            .prefix
            .join(format!("lib64/python{minor}/site-packages")),
    );
    if !is_environment {
        // Debian's.
        folders.push(PathBuf::from(format!(
            "/usr/local/lib/python{minor}/dist-packages"
        )));
        folders.push(python.prefix.join("lib/python3/dist-packages"));
    }
    folders
}

/// `torch-2.4.0+cu121.dist-info`, with the name as packages are compared.
fn distribution(folder: &str) -> Option<(String, String)> {
    let stem = folder
        .strip_suffix(".dist-info")
        .or_else(|| folder.strip_suffix(".egg-info"))?;
    let (name, rest) = stem.split_once('-')?;
    let version = rest.split('-').next()?;
    Some((
        name.to_ascii_lowercase().replace('_', "-"),
        version.to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::interpreter::{at, tests::put};
    use super::*;

    #[test]
    fn the_first_folder_that_has_a_package_counts() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        put(top, "env/bin/python3.11", "");
        put(
            top,
            "env/lib/python3.11/site-packages/torch-2.4.0+cu121.dist-info/METADATA",
            "",
        );
        put(
            top,
            "env/lib/python3.11/site-packages/Pillow-10.1.0.dist-info/METADATA",
            "",
        );
        put(
            top,
            "home/me/.local/lib/python3.11/site-packages/torch-2.0.1.dist-info/METADATA",
            "",
        );
        let root = Root::at(top);
        let python = at(&root, "/env/bin/python3.11".into()).unwrap();
        let section = of(&root, &python, None, None);
        assert_eq!(section["torch"], "2.4.0+cu121");
        assert_eq!(section["pillow"], "10.1.0");
        assert_eq!(section["vllm"], NOT_FOUND);
        let section = of(&root, &python, None, Some("/home/me"));
        assert_eq!(section["torch"], "2.0.1");
    }
}
