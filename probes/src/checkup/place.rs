//! Where runs would be recorded, and the mount that it is on.

use std::io;
use std::path::{Path, PathBuf};

use procfs::process::MountInfo;

use super::machine::Machine;
use crate::mount;

#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The nearest folder that exists, without links.
    pub folder: PathBuf,
    pub mount: MountInfo,
}

impl Place {
    pub fn find(machine: &Machine, out: &Path) -> Result<Place, String> {
        let folder = nearest(out).map_err(|error| error.to_string())?;
        let mounts = machine
            .read("/proc/self/mountinfo")
            .map_err(|error| format!("/proc/self/mountinfo: {error}"))?;
        let mount = mount::nearest(&mounts, &folder).ok_or("it is on no mount that can be seen")?;
        Ok(Place { folder, mount })
    }

    /// Of the mount or of its filesystem; an option without a value has an empty one.
    pub fn option(&self, name: &str) -> Option<&str> {
        let mount = &self.mount;
        let found = mount.super_options.get(name);
        found
            .or_else(|| mount.mount_options.get(name))
            .map(|value| value.as_deref().unwrap_or(""))
    }

    pub fn point(&self) -> String {
        self.mount.mount_point.display().to_string()
    }
}

fn nearest(out: &Path) -> io::Result<PathBuf> {
    let out = std::path::absolute(out)?;
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for folder in out.ancestors() {
        match folder.canonicalize() {
            Ok(folder) if folder.is_dir() => return Ok(folder),
            Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

#[cfg(test)]
pub(super) fn on(mountinfo: &str) -> Place {
    Place {
        folder: "/data/runs".into(),
        mount: mount::nearest(mountinfo, Path::new("/data/runs")).unwrap(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_made_yet_is_where_it_would_be_made() {
        let folder = std::env::temp_dir().canonicalize().unwrap();
        let place = Place::find(&Machine::this(), &folder.join("a/b/c")).unwrap();
        assert_eq!(place.folder, folder);
        let file = std::env::current_exe().unwrap();
        assert!(Place::find(&Machine::this(), &file.join("runs")).is_err());
    }
}
