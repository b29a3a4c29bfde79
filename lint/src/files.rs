//! From files and folders to the texts that are read: what `.gitignore` and a leading dot hide in a
//! folder stays hidden, what is named is read, and nothing larger than a person writes.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crashpoint_reports::lint::Finding;
use ignore::overrides::OverrideBuilder;
use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::{Machine, knows, lint};

/// Of one file. Larger ones are written by programs.
const LARGEST: u64 = 1 << 20;
/// Folders within folders; a loop of links ends earlier.
const DEEPEST: usize = 64;

/// What was read, and what could not be.
#[derive(Debug, Default)]
pub struct Looked {
    /// By file and line.
    pub findings: Vec<Finding>,
    /// How many files were of a kind that is known.
    pub files: usize,
    /// Folders with a `config.json`: a model's, perhaps.
    pub folders: Vec<PathBuf>,
    pub unread: Vec<Unread>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    pub path: PathBuf,
    pub why: String,
    /// Somebody asked for this very file.
    pub named: bool,
}

/// Every file that is named, and every one of a known kind in the folders that are. `exclude` holds
/// patterns of paths, as in `.gitignore`, from `root` on.
pub fn look(
    paths: &[PathBuf],
    root: &Path,
    exclude: &[String],
    machine: &Machine,
) -> Result<Looked, ignore::Error> {
    let mut excluded = OverrideBuilder::new(root);
    for pattern in exclude {
        excluded.add(&format!("!{pattern}"))?;
    }
    let excluded = excluded.build()?;
    let looked = Mutex::new(Looked::default());
    let with = |change: &dyn Fn(&mut Looked)| {
        // What a thread that panicked left there is still whole.
        change(&mut looked.lock().unwrap_or_else(|broken| broken.into_inner()));
    };
    let Some((first, rest)) = paths.split_first() else {
        return Ok(Looked::default());
    };
    let mut walk = WalkBuilder::new(first);
    for path in rest {
        walk.add(path);
    }
    walk.hidden(false)
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry))
        .max_depth(Some(DEEPEST))
        .overrides(excluded);
    walk.build_parallel().run(|| {
        Box::new(|entry| {
            match entry {
                Ok(entry) => {
                    let named = entry.depth() == 0;
                    let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
                    if !folder
                        && entry.file_name() == "config.json"
                        && let Some(parent) = entry.path().parent()
                    {
                        with(&|looked| looked.folders.push(parent.to_owned()));
                    } else if !folder && (named || worth_opening(entry.path())) {
                        let (found, unread) = one(entry.path(), named, machine);
                        with(&|looked| {
                            if let Some(found) = &found {
                                looked.files += 1;
                                looked.findings.extend(found.iter().cloned());
                            }
                            looked.unread.extend(unread.clone());
                        });
                    }
                }
                Err(error) => {
                    let unread = could_not(&error, paths);
                    with(&|looked| looked.unread.push(unread.clone()));
                }
            }
            WalkState::Continue
        })
    });
    let mut looked = looked.into_inner().unwrap_or_else(|it| it.into_inner());
    looked.findings.sort_by(|a, b| {
        let key = |it: &Finding| (it.file.clone(), it.line, it.rule.clone());
        key(a).cmp(&key(b))
    });
    // A folder and a file in it may both be named.
    looked.findings.dedup();
    looked.folders.sort();
    looked.folders.dedup();
    looked.unread.sort_by(|a, b| a.path.cmp(&b.path));
    looked.unread.dedup_by(|a, b| a.path == b.path);
    Ok(looked)
}

/// Environment files begin with a dot by custom.
fn is_hidden(entry: &DirEntry) -> bool {
    let name = entry.file_name().as_encoded_bytes();
    name.starts_with(b".") && !name.starts_with(b".env")
}

/// By its name alone: a folder may hold a model's weights.
fn worth_opening(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let lower = name.unwrap_or_default().to_ascii_lowercase();
    match lower.rsplit_once('.') {
        None => true,
        Some((before, extension)) => {
            matches!(
                extension,
                "py" | "pyw"
                    | "service"
                    | "conf"
                    | "dockerfile"
                    | "yaml"
                    | "yml"
                    | "env"
                    | "sh"
                    | "bash"
            ) || ["dockerfile", "containerfile", ".env"]
                .iter()
                .any(|start| before.starts_with(start))
        }
    }
}

/// `None` for the first where there was nothing to read, or it could not be.
fn one(path: &Path, named: bool, machine: &Machine) -> (Option<Vec<Finding>>, Option<Unread>) {
    let file = shown(path);
    let failed = |why: String| {
        let path = path.to_owned();
        (None, Some(Unread { path, why, named }))
    };
    let text = match read(path) {
        Ok(Some(text)) => text,
        Ok(None) if named => {
            return failed(format!("it is larger than {LARGEST} bytes"));
        }
        Ok(None) => return (None, None),
        Err(error) => return failed(error.to_string()),
    };
    if !knows(&file, &text) {
        if named {
            return failed(
                "it is no kind of file that is read: Python, systemd units, Dockerfiles, compose and Kubernetes files, .env, shell scripts".to_owned(),
            );
        }
        return (None, None);
    }
    match lint(&file, &text, machine) {
        Ok(found) => (Some(found), None),
        Err(refused) => failed(refused.to_string()),
    }
}

/// As somebody would name it.
fn shown(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    path.to_string_lossy().into_owned()
}

/// `None` where it is too large. What is not UTF-8 is read as far as it is.
fn read(path: &Path) -> io::Result<Option<String>> {
    // Opening a pipe waits for whoever writes to it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no ordinary file"));
    }
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn could_not(error: &ignore::Error, named: &[PathBuf]) -> Unread {
    let (path, why) = match error {
        ignore::Error::WithPath { path, err } => (path.clone(), err.to_string()),
        ignore::Error::WithDepth { err, .. } => {
            return could_not(err, named);
        }
        other => (PathBuf::new(), other.to_string()),
    };
    Unread {
        named: named.contains(&path),
        path,
        why,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const WRONG: &str = "import torch\nfrom transformers import AutoModel\nAutoModel.from_pretrained('.', torch_dtype=torch.int8)\n";

    fn names(looked: &Looked, folder: &Path) -> Vec<String> {
        let strip = |file: &str| {
            let path = Path::new(file).strip_prefix(folder).unwrap();
            path.display().to_string()
        };
        looked.findings.iter().map(|it| strip(&it.file)).collect()
    }

    #[test]
    fn folders_are_walked_without_what_is_hidden_ignored_or_excluded() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for path in [
            "a.py",
            "b/c.py",
            ".venv/d.py",
            "ignored/e.py",
            "old/f.py",
            "g.txt",
        ] {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), WRONG).unwrap();
        }
        fs::create_dir(root.join(".git")).unwrap();
        fs::write(root.join(".gitignore"), "ignored/\n").unwrap();
        let machine = Machine::default();
        let exclude = ["old/**".to_owned()];
        let looked = look(&[root.to_owned()], root, &exclude, &machine).unwrap();
        assert_eq!(names(&looked, root), ["a.py", "b/c.py"]);
        assert_eq!((looked.files, looked.unread.len()), (2, 0));
        let named = [root.join("ignored/e.py"), root.join(".venv")];
        let looked = look(&named, root, &[], &machine).unwrap();
        assert_eq!(names(&looked, root), [".venv/d.py", "ignored/e.py"]);
    }

    #[test]
    fn what_was_named_and_cannot_be_read_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::write(root.join("notes.txt"), "x").unwrap();
        fs::write(root.join("large.py"), " ".repeat(1 << 21)).unwrap();
        fs::write(root.join("bytes.py"), b"\xff\xfe\x00 = ").unwrap();
        let deep = format!("from_pretrained{}", "(".repeat(100_000));
        fs::write(root.join("deep.py"), deep).unwrap();
        let named: Vec<PathBuf> = ["notes.txt", "large.py", "bytes.py", "deep.py", "gone.py"]
            .map(|name| root.join(name))
            .to_vec();
        let looked = look(&named, root, &[], &Machine::default()).unwrap();
        let told: Vec<&str> = looked
            .unread
            .iter()
            .map(|it| it.path.file_name().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(told, ["deep.py", "gone.py", "large.py", "notes.txt"]);
        assert!(looked.unread.iter().all(|it| it.named));
        assert_eq!(looked.files, 1);
        let looked = look(&[root.to_owned()], root, &[], &Machine::default()).unwrap();
        let told: Vec<bool> = looked.unread.iter().map(|it| it.named).collect();
        assert_eq!(told, [false], "{:?}", looked.unread);
    }
}
