//! From what was typed after `--images` to a list of files.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, glob_with};

use super::{InputError, natural_order};

/// The files that `args` name, in the order of the arguments.
///
/// A file stands for itself. A folder stands for its PNG, JPEG and WebP files (by extension,
/// not recursive, hidden ones left out), a pattern for every file that it matches, both in
/// natural order. What exists under a name is taken before the name is read as a pattern.
///
/// Files are not opened: one that turns out broken fails when its turn comes.
pub fn find<S: AsRef<OsStr>>(args: &[S]) -> Result<Vec<PathBuf>, InputError> {
    let mut images = Vec::new();
    for arg in args {
        let path = Path::new(arg.as_ref());
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => images.extend(in_folder(path)?),
            Ok(_) => images.push(path.to_owned()),
            Err(error) => match (InputError::of_io(path, error), as_pattern(path)) {
                (InputError::Missing { .. }, Some(pattern)) => images.extend(matching(pattern)?),
                (error, _) => return Err(error),
            },
        }
    }
    Ok(images)
}

impl InputError {
    /// What an attempt to look at or read `path` failed with.
    pub(super) fn of_io(path: &Path, source: io::Error) -> InputError {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => InputError::Missing { path },
            _ => InputError::Unreadable { path, source },
        }
    }
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, InputError> {
    let list = || -> io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    };
    let mut images = list().map_err(|error| InputError::of_io(folder, error))?;
    images.retain(|path| looks_like_image(path) && !path.is_dir());
    if images.is_empty() {
        return Err(InputError::EmptyFolder {
            path: folder.to_owned(),
        });
    }
    images.sort_by(|a, b| natural_order::compare(a, b));
    Ok(images)
}

fn looks_like_image(path: &Path) -> bool {
    let hidden = path
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let named = path.extension().is_some_and(|extension| {
        ["png", "jpg", "jpeg", "webp"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    });
    named && !hidden
}

fn as_pattern(path: &Path) -> Option<&str> {
    path.to_str().filter(|text| text.contains(['*', '?', '[']))
}

fn matching(pattern: &str) -> Result<Vec<PathBuf>, InputError> {
    // As a shell does it: a star crosses no slash and finds no hidden file.
    let options = MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let matches = glob_with(pattern, options).map_err(|error| InputError::BadPattern {
        pattern: pattern.to_owned(),
        at: error.pos,
        reason: error.msg,
    })?;
    let mut images = Vec::new();
    for found in matches {
        let path = found.map_err(|error| {
            let path = error.path().to_owned();
            InputError::Unreadable {
                path,
                source: error.into(),
            }
        })?;
        if !path.is_dir() {
            images.push(path);
        }
    }
    if images.is_empty() {
        return Err(InputError::NothingMatches {
            pattern: pattern.to_owned(),
        });
    }
    images.sort_by(|a, b| natural_order::compare(a, b));
    Ok(images)
}
