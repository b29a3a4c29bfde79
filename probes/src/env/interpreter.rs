//! Which Python a process has, and of which version: by its files, without starting it.

use std::path::{Path, PathBuf};

use super::programs;
use super::root::Root;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Interpreter {
    /// As it is started: in a virtual environment a link.
    pub path: PathBuf,
    /// The folder whose `bin` it is in.
    pub prefix: PathBuf,
    /// Where its own library is: elsewhere, for a virtual environment.
    pub base: PathBuf,
    /// As in `3.11`.
    pub minor: Option<String>,
    /// As in `3.11.9`, where its files say so.
    pub version: Option<String>,
}

/// How a process was started.
#[derive(Debug, Default)]
pub(super) struct Started<'a> {
    pub executable: Option<&'a Path>,
    /// The program's name as it was called.
    pub called: Option<&'a str>,
    pub path: Option<&'a str>,
    pub working: Option<&'a Path>,
}

/// Of a process that is a Python, that one; of any other the first on its `PATH`.
pub(super) fn of(root: &Root, started: &Started<'_>) -> Option<Interpreter> {
    let on_path = |name: &str| programs::find(root, started.path, started.working, name);
    let Some(executable) = started.executable.filter(|it| is_python(it)) else {
        return at(root, on_path("python").or_else(|| on_path("python3"))?);
    };
    // The kernel has followed the links of a virtual environment; how it was called tells.
    let called = started.called.filter(|it| !it.is_empty());
    let called = called.and_then(|called| match called.contains('/') {
        true => Some(started.working.unwrap_or(Path::new("/")).join(called)),
        false => on_path(called),
    });
    let same = called.filter(|called| root.resolve(called).as_deref() == Some(executable));
    at(root, same.unwrap_or_else(|| executable.to_owned()))
}

pub(super) fn is_python(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| {
        let rest = name.strip_prefix("python");
        rest.is_some_and(|rest| rest.bytes().all(|it| it.is_ascii_digit() || it == b'.'))
    })
}

/// A program that is a script of a Python's: the interpreter that its first line names.
pub(super) fn of_script(root: &Root, program: &Path) -> Option<Interpreter> {
    let text = root.text(program)?;
    let line = text.lines().next()?.strip_prefix("#!")?;
    let path = Path::new(line.split_whitespace().next()?);
    is_python(path).then(|| at(root, path.to_owned())).flatten()
}

pub(super) fn at(root: &Root, path: PathBuf) -> Option<Interpreter> {
    let real = root.resolve(&path)?;
    let above = |path: &Path| Some(path.parent()?.parent()?.to_owned());
    let base = above(&real)?;
    let own = above(&path)?;
    let environment = root.text(&own.join("pyvenv.cfg"));
    let prefix = if environment.is_some() {
        own
    } else {
        base.clone()
    };
    let minor = minor(root, &real, &base);
    let version = environment
        .and_then(|text| of_environment(&text))
        .or_else(|| of_conda(root, &base))
        .or_else(|| of_headers(root, &base, minor.as_deref()?));
    Some(Interpreter {
        path,
        prefix,
        base,
        minor,
        version,
    })
}

/// By the file's own name, else by its library's folder.
fn minor(root: &Root, real: &Path, base: &Path) -> Option<String> {
    let of = |name: &str| {
        let rest = name.strip_prefix("python")?;
        let (major, minor) = rest.split_once('.')?;
        let whole = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        (whole(major) && whole(minor)).then(|| rest.to_owned())
    };
    let name = real.file_name()?.to_string_lossy().into_owned();
    let folders = || root.names(&base.join("lib")).unwrap_or_default();
    of(&name).or_else(|| folders().iter().find_map(|name| of(name)))
}

/// `pyvenv.cfg`: `version = 3.11.9`, or `version_info` as virtualenv and uv have it.
fn of_environment(text: &str) -> Option<String> {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let mut values = pairs.filter(|(name, _)| ["version", "version_info"].contains(&name.trim()));
    values.next().map(|(_, value)| value.trim().to_owned())
}

/// `conda-meta/python-3.11.9-h955ad1f_0.json`.
fn of_conda(root: &Root, base: &Path) -> Option<String> {
    let names = root.names(&base.join("conda-meta")).ok()?;
    names.iter().find_map(|name| {
        let rest = name.strip_prefix("python-")?;
        let (version, _) = rest.split_once('-')?;
        version
            .starts_with(|c: char| c.is_ascii_digit())
            .then(|| version.to_owned())
    })
}

fn of_headers(root: &Root, base: &Path, minor: &str) -> Option<String> {
    let file = base.join(format!("include/python{minor}/patchlevel.h"));
    let text = root.text(&file)?;
    let line = text
        .lines()
        .find(|line| line.contains("define PY_VERSION "))?;
    Some(line.split('"').nth(1)?.to_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    pub fn put(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn versions_are_known_without_starting_anything() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        put(top, "opt/conda/bin/python3.11", "");
        symlink("python3.11", top.join("opt/conda/bin/python")).unwrap();
        put(top, "opt/conda/conda-meta/python-3.11.9-h1_0.json", "");
        put(top, "usr/bin/python3.10", "");
        put(
            top,
            "usr/include/python3.10/patchlevel.h",
            "#define PY_VERSION              \"3.10.12\"\n",
        );
        put(
            top,
            "venv/pyvenv.cfg",
            "home = /usr/bin\nversion = 3.10.13\n",
        );
        fs::create_dir_all(top.join("venv/bin")).unwrap();
        symlink("/usr/bin/python3.10", top.join("venv/bin/python")).unwrap();
        let root = Root::at(top);
        let conda = at(&root, "/opt/conda/bin/python".into()).unwrap();
        assert_eq!(conda.version.as_deref(), Some("3.11.9"));
        assert_eq!(
            (conda.minor.as_deref(), conda.prefix.to_str()),
            (Some("3.11"), Some("/opt/conda"))
        );
        let system = at(&root, "/usr/bin/python3.10".into()).unwrap();
        assert_eq!(system.version.as_deref(), Some("3.10.12"));

        // The kernel says /usr/bin/python3.10 of what was started as venv/bin/python.
        let started = Started {
            executable: Some(Path::new("/usr/bin/python3.10")),
            called: Some("venv/bin/python"),
            ..Started::default()
        };
        let venv = of(&root, &started).unwrap();
        assert_eq!(venv.prefix, Path::new("/venv"));
        assert_eq!(venv.version.as_deref(), Some("3.10.13"));
        let elsewhere = Started {
            called: Some("/opt/conda/bin/python"),
            ..started
        };
        assert_eq!(of(&root, &elsewhere).unwrap().prefix, Path::new("/usr"));
        let shell = Started {
            executable: Some(Path::new("/bin/sh")),
            path: Some("/opt/conda/bin:/usr/bin"),
            ..Started::default()
        };
        assert_eq!(of(&root, &shell).unwrap(), conda);
    }

    #[test]
    fn only_pythons_are_pythons() {
        for (name, is) in [
            ("python", true),
            ("python3.11", true),
            ("python3-config", false),
            ("pythonw", false),
        ] {
            assert_eq!(is_python(&Path::new("/usr/bin").join(name)), is, "{name}");
        }
    }
}
