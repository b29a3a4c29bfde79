//! A machine as the files under its root tell of it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// None of the files that are read comes near it.
const MOST_BYTES: u64 = 4 << 20;

#[derive(Debug, Clone)]
pub(super) struct Machine {
    root: PathBuf,
}

impl Machine {
    pub fn this() -> Machine {
        Machine { root: "/".into() }
    }

    /// Of a path that is absolute on the machine.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn read(&self, path: impl AsRef<Path>) -> io::Result<String> {
        let mut bytes = Vec::new();
        File::open(self.path(path))?
            .take(MOST_BYTES)
            .read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    pub fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        self.read(path).ok()
    }

    pub fn number(&self, path: impl AsRef<Path>) -> Option<i64> {
        self.text(path)?.parse().ok()
    }

    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.path(path).exists()
    }

    /// Names in a folder, sorted.
    pub fn names(&self, folder: impl AsRef<Path>) -> io::Result<Vec<String>> {
        let mut names: Vec<String> = fs::read_dir(self.path(folder))?
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        Ok(names)
    }
}

#[cfg(test)]
pub(super) mod made_up {
    use super::*;

    /// A folder that looks like another machine's root; gone when dropped.
    #[derive(Debug)]
    pub struct Other {
        pub machine: Machine,
    }

    impl Other {
        /// `name` tells apart the tests, which run at the same time.
        pub fn new(name: &str, files: &[(&str, &str)]) -> Other {
            let root = std::env::temp_dir()
                .join(format!("crashpoint-machine-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&root);
            fs::create_dir_all(&root).unwrap();
            let root = root.canonicalize().unwrap();
            let other = Other {
                machine: Machine { root },
            };
            for (path, text) in files {
                other.put(path, text);
            }
            other
        }

        pub fn put(&self, path: &str, text: &str) {
            let path = self.machine.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        /// `to` is relative to the link, as in sysfs.
        pub fn link(&self, path: &str, to: &str) {
            let path = self.machine.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(to, path).unwrap();
        }
    }

    impl Drop for Other {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.machine.root);
        }
    }
}
