//! What a checkup asks of this process's own surroundings, by the same rules as a capture.

use std::path::{Path, PathBuf};

use crashpoint_reports::env::{NOT_FOUND, Section};

use super::interpreter::{self, Started};
use super::root::Root;
use super::{loader, mounts, packages};

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What the loader finds below a root, without what it does not find.
pub(crate) fn libraries(root: &Path) -> Section {
    let working = std::env::current_dir().ok();
    let path = variable("LD_LIBRARY_PATH");
    let mut found = loader::found(&Root::at(root), path.as_deref(), working.as_deref());
    found.retain(|_, path| path != NOT_FOUND);
    found
}

/// Of the first Python on the `PATH`: its path, and the versions of its packages that CUDA concerns.
pub(crate) fn python_packages(root: &Path) -> Option<(PathBuf, Section)> {
    let root = Root::at(root);
    let (path, working) = (variable("PATH"), std::env::current_dir().ok());
    let started = Started {
        path: path.as_deref(),
        working: working.as_deref(),
        ..Started::default()
    };
    let python = interpreter::of(&root, &started)?;
    let (told, home) = (variable("PYTHONPATH"), variable("HOME"));
    let mut section = packages::of(&root, &python, told.as_deref(), home.as_deref());
    section.extend(packages::cuda(
        &root,
        &python,
        told.as_deref(),
        home.as_deref(),
    ));
    section.retain(|_, version| version != NOT_FOUND);
    Some((python.path, section))
}

/// From the text of `/proc/PID/limits`: `soft:hard` by name.
pub(crate) fn limits(text: &str) -> Section {
    super::limits::from_text(text)
}

/// Where models are kept, which need not exist.
pub(crate) fn model_cache() -> Option<PathBuf> {
    mounts::cache(variable, None)
}
