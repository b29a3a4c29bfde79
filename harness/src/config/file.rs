//! `crashpoint.toml`: found upwards from a folder, read whole, and every complaint about it names the
//! file, the line and the key.

use std::fs;
use std::io;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::getuid;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::nearest::did_you_mean;
use crate::failure::Failure;

pub const NAME: &str = "crashpoint.toml";
/// Whoever reads a table of its own is named here.
const TABLES: [&str; 4] = ["run", "profile", "gate", "lint"];
/// A file of options is far smaller.
const LARGEST: u64 = 1 << 20;

#[derive(Debug, Clone)]
pub struct File {
    pub path: PathBuf,
    text: String,
}

impl File {
    /// Not of the disk.
    pub(super) fn of(path: PathBuf, text: String) -> File {
        File { path, text }
    }

    /// In this folder, or the nearest above it. Not looked into: what is above the home folder, and
    /// what is on another file system.
    pub fn find(folder: &Path) -> Result<Option<File>, Failure> {
        let home = std::env::home_dir();
        let device = |folder: &Path| fs::metadata(folder).map(|it| it.dev()).ok();
        let here = device(folder);
        for above in folder.ancestors() {
            if device(above) != here {
                break;
            }
            let path = above.join(NAME);
            match fs::metadata(&path) {
                Ok(about) if about.is_file() => {
                    if above != folder {
                        belongs_to_us(&path, about.uid())?;
                    }
                    return File::read(&path).map(Some);
                }
                Ok(_) | Err(_) if home.as_deref() == Some(above) => break,
                Ok(_) => {}
                // No folder, no permission: then neither is there a file for us.
                Err(_) => {}
            }
        }
        Ok(None)
    }

    pub fn read(path: &Path) -> Result<File, Failure> {
        let text = read(path).map_err(|error| {
            Failure::usage(format!("failed to read {}: {error}", path.display()))
        })?;
        let file = File {
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            text,
        };
        for key in file.root()?.keys() {
            let name: &str = key.get_ref();
            if !TABLES.contains(&name) {
                let meant = did_you_mean(name, TABLES);
                let what = format!("there is no such table{meant}");
                return Err(file.said(key.span().start, Some(name.to_owned()), &what));
            }
        }
        Ok(file)
    }

    /// A table, for whom it belongs to: `T` says `deny_unknown_fields`. `None`: it is not there.
    pub fn table<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        let Some(value) = self.value(name)? else {
            return Ok(None);
        };
        let span = value.span();
        T::deserialize(ValueDeserializer::from(value))
            .map(Some)
            .map_err(|error| {
                let what = error.message().trim_end();
                let what = format!("{what}{}", meant(what));
                self.wrong(error.span().unwrap_or(span), &what)
            })
    }

    /// As it was parsed, for those who need every key's place.
    pub(super) fn value(&self, name: &str) -> Result<Option<Spanned<DeValue<'_>>>, Failure> {
        let root = self.root()?;
        let mut named = root.into_iter().filter(|(key, _)| key.get_ref() == name);
        Ok(named.next().map(|(_, value)| value))
    }

    fn root(&self) -> Result<DeTable<'_>, Failure> {
        match DeTable::parse(&self.text) {
            Ok(root) => Ok(root.into_inner()),
            Err(error) => {
                let span = error.span().unwrap_or_default();
                let what = error.message().trim_end().replace('\n', ", ");
                Err(self.said(span.start, None, &what))
            }
        }
    }

    /// `crashpoint.toml:4: run.temperature: it must be from 0 to 100`
    pub(super) fn wrong(&self, span: Range<usize>, what: &str) -> Failure {
        let root = DeTable::parse(&self.text).ok();
        let key = root.and_then(|root| key_at(root.get_ref(), span.start));
        self.said(span.start, key, what)
    }

    fn said(&self, offset: usize, key: Option<String>, what: &str) -> Failure {
        let key = key.map_or_else(String::new, |key| format!("{key}: "));
        Failure::usage(format!("{}: {key}{what}", self.place(offset)))
    }

    /// `/home/me/work/crashpoint.toml:4`
    pub(super) fn place(&self, offset: usize) -> String {
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        format!("{}:{line}", self.path.display())
    }
}

fn read(path: &Path) -> io::Result<String> {
    let about = fs::metadata(path)?;
    if !about.is_file() {
        return Err(io::Error::other("it is no ordinary file"));
    }
    if about.len() > LARGEST {
        return Err(io::Error::other(format!(
            "it has {} bytes, more than any file of options",
            about.len()
        )));
    }
    fs::read_to_string(path)
}

/// A file can name a program to be run: one that lies above the place where somebody works, such as in
/// /tmp, may be anybody's.
fn belongs_to_us(path: &Path, owner: u32) -> Result<(), Failure> {
    if owner == 0 || owner == getuid().as_raw() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{} belongs to another user (uid {owner}): name it with --config if you trust it, or say --config none",
        path.display()
    )))
}

/// The dotted name of the innermost key that this place belongs to.
fn key_at(table: &DeTable<'_>, offset: usize) -> Option<String> {
    let within = |span: Range<usize>| span.contains(&offset);
    table.iter().find_map(|(key, value)| {
        let name = key.get_ref();
        let inner = match value.get_ref() {
            DeValue::Table(inner) => key_at(inner, offset),
            _ => None,
        };
        match inner {
            Some(inner) => Some(format!("{name}.{inner}")),
            None if within(key.span()) || within(value.span()) => Some(name.to_string()),
            None => None,
        }
    })
}

/// Serde's complaint names what there is: "unknown field `a`, expected one of `b`, `c`".
fn meant(complaint: &str) -> String {
    if !complaint.starts_with("unknown ") {
        return String::new();
    }
    let mut names = complaint.split('`').skip(1).step_by(2);
    let typed = names.next().unwrap_or_default();
    did_you_mean(typed, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Gate {
        max_slowdown: f64,
        #[serde(default)]
        baseline: Option<String>,
    }

    fn gate(text: &str) -> Result<Option<Gate>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        fs::write(&path, text).unwrap();
        let told = File::read(&path).and_then(|file| file.table("gate"));
        let folder = format!("{}/", folder.path().display());
        told.map_err(|failure| failure.message.replace(&folder, ""))
    }

    #[test]
    fn a_table_is_read_by_whom_it_belongs_to() {
        let found = gate("[run]\nseed = 1\n[gate]\nmax-slowdown = 0.05\n");
        let found = found.unwrap().unwrap();
        assert_eq!((found.max_slowdown, found.baseline), (0.05, None));
        assert!(gate("[run]\n").unwrap().is_none());
    }

    #[test]
    fn every_complaint_names_file_line_and_key() {
        for (text, told) in [
            (
                "[gate]\nmax-slowdwn = 0.05\n",
                "crashpoint.toml:2: gate.max-slowdwn: unknown field `max-slowdwn`, expected `max-slowdown` or `baseline`; did you mean max-slowdown?",
            ),
            (
                "[gate]\n\nmax-slowdown = \"much\"\n",
                "crashpoint.toml:3: gate.max-slowdown: invalid type: string \"much\", expected f64",
            ),
            (
                "[rum]\n",
                "crashpoint.toml:1: rum: there is no such table; did you mean run?",
            ),
            (
                "seed = 1\n",
                "crashpoint.toml:1: seed: there is no such table",
            ),
        ] {
            assert_eq!(gate(text).unwrap_err(), told);
        }
        let torn = gate("[gate]\nmax-slowdown = \n").unwrap_err();
        assert!(torn.starts_with("crashpoint.toml:2: "), "{torn}");
        let missing = gate("[gate]\nbaseline = \"x\"\n").unwrap_err();
        assert!(
            missing.starts_with("crashpoint.toml:1: gate: "),
            "{missing}"
        );
    }

    #[test]
    fn the_nearest_file_above_counts() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/c");
        fs::create_dir_all(&deep).unwrap();
        let path = |file: Option<File>| file.map(|file| file.path);
        let outer = folder.path().join(NAME);
        fs::write(&outer, "").unwrap();
        assert_eq!(path(File::find(&deep).unwrap()), Some(outer));
        let inner = folder.path().join("a/b").join(NAME);
        fs::write(&inner, "").unwrap();
        assert_eq!(path(File::find(&deep).unwrap()), Some(inner));
    }
}
