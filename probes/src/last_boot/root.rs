//! Where a machine's files begin: `/`, or a folder that looks like it.

use std::io;
use std::path::{Path, PathBuf};

use crashpoint_reports::recovery::SourceRead;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root(PathBuf);

impl Default for Root {
    fn default() -> Root {
        Root::at_folder("/")
    }
}

impl Root {
    pub fn at_folder(folder: impl Into<PathBuf>) -> Root {
        Root(folder.into())
    }

    /// `path` without the slash that it begins with.
    pub fn at(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    /// Commands answer for the machine that they run on, and for no other folder.
    pub fn is_the_machine(&self) -> bool {
        self.0 == Path::new("/")
    }
}

/// A folder or a file that could not be opened: absent, or not for us.
pub fn unread(source: &str, path: &Path, error: &io::Error) -> SourceRead {
    let because = format!("{}: {error}", path.display());
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            SourceRead::absent(source, because)
        }
        io::ErrorKind::PermissionDenied => {
            SourceRead::not_readable(source, because).remedy("sudo crashpoint recover RUN")
        }
        _ => SourceRead::not_readable(source, because),
    }
}
