//! A file tree as a process sees it: links lead to places below its own root, never out of it.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// As the kernel has it.
const MOST_LINKS: usize = 40;
/// Nothing that is read comes near it.
const MOST_BYTES: u64 = 8 << 20;

#[derive(Debug, Clone)]
pub(super) struct Root {
    at: PathBuf,
}

impl Root {
    pub fn at(at: impl Into<PathBuf>) -> Root {
        Root { at: at.into() }
    }

    /// Where it really lies, without links; as seen from below the root.
    pub fn resolve(&self, path: &Path) -> Option<PathBuf> {
        let mut left: VecDeque<PathBuf> = parts(path);
        let mut found = PathBuf::from("/");
        let mut links = 0;
        while let Some(part) = left.pop_front() {
            if part.as_os_str() == ".." {
                found.pop();
                continue;
            }
            let next = found.join(&part);
            let outside = self.outside(&next);
            if fs::symlink_metadata(&outside).ok()?.is_symlink() {
                links += 1;
                if links > MOST_LINKS {
                    return None;
                }
                let to = fs::read_link(&outside).ok()?;
                if to.is_absolute() {
                    found = PathBuf::from("/");
                }
                for part in parts(&to).into_iter().rev() {
                    left.push_front(part);
                }
            } else {
                found = next;
            }
        }
        Some(found)
    }

    /// The path from outside, with no link followed that leads out.
    pub fn path(&self, path: &Path) -> Option<PathBuf> {
        Some(self.outside(&self.resolve(path)?))
    }

    pub fn is_file(&self, path: &Path) -> bool {
        self.path(path).is_some_and(|path| path.is_file())
    }

    pub fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = self.path(path).filter(|path| path.is_file())?;
        let file = File::open(file).ok()?;
        file.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    pub fn text(&self, path: &Path) -> Option<String> {
        Some(String::from_utf8_lossy(&self.bytes(path)?).into_owned())
    }

    /// Names in a folder, sorted.
    pub fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let folder = self.path(folder).ok_or(io::ErrorKind::NotFound)?;
        let mut names: Vec<String> = fs::read_dir(folder)?
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        Ok(names)
    }

    fn outside(&self, path: &Path) -> PathBuf {
        self.at.join(path.strip_prefix("/").unwrap_or(path))
    }
}

fn parts(path: &Path) -> VecDeque<PathBuf> {
    path.components()
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| PathBuf::from(part.as_os_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_stay_below_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("root");
        fs::create_dir_all(inner.join("usr/lib")).unwrap();
        fs::write(inner.join("usr/lib/a.so.1.2"), "inside").unwrap();
        fs::write(folder.path().join("outside"), "outside").unwrap();
        symlink("/usr/lib", inner.join("lib")).unwrap();
        symlink("a.so.1.2", inner.join("usr/lib/a.so.1")).unwrap();
        symlink("../../../../../../outside", inner.join("usr/lib/out")).unwrap();
        symlink("loop", inner.join("loop")).unwrap();
        let root = Root::at(&inner);
        let real = root.resolve(Path::new("/lib/a.so.1")).unwrap();
        assert_eq!(real, Path::new("/usr/lib/a.so.1.2"));
        assert_eq!(
            root.text(Path::new("/lib/a.so.1")).as_deref(),
            Some("inside")
        );
        for path in ["/lib/out", "/loop", "/no"] {
            assert_eq!(root.text(Path::new(path)), None, "{path}");
        }
    }
}
