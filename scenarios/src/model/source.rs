//! Which model: what a person writes after `--model`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::tiny::Mistake;
use super::{ModelError, Preset};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The small checkpoint with seeded weights that crashpoint writes itself.
    Tiny,
    /// The same with a mistake in its files.
    Mistaken(Mistake),
    /// A Hugging Face folder.
    Folder(PathBuf),
    /// `org/name`, or `org/name@revision`.
    Hub {
        repo: String,
        revision: Option<String>,
    },
    /// Made-up weights at real size.
    Synthetic(Preset),
}

impl FromStr for Source {
    type Err = ModelError;

    /// An existing folder wins over a hub name that reads the same.
    fn from_str(name: &str) -> Result<Source, ModelError> {
        if name == "tiny" {
            return Ok(Source::Tiny);
        }
        if let Some(mistake) = name.strip_prefix("tiny:") {
            let unknown = |_| ModelError::UnknownModel { name: name.into() };
            return mistake.parse().map(Source::Mistaken).map_err(unknown);
        }
        if let Some(preset) = name.strip_prefix("synthetic:") {
            return preset.parse().map(Source::Synthetic);
        }
        if Path::new(name).is_dir() {
            return Ok(Source::Folder(name.into()));
        }
        let (repo, revision) = match name.split_once('@') {
            Some((repo, revision)) => (repo, Some(revision)),
            None => (name, None),
        };
        if !is_hub_name(repo) || revision.is_some_and(|revision| !is_revision(revision)) {
            return Err(ModelError::UnknownModel { name: name.into() });
        }
        Ok(Source::Hub {
            repo: repo.into(),
            revision: revision.map(Into::into),
        })
    }
}

/// `org/name`, of the characters that the hub allows.
fn is_hub_name(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '-'])
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    matches!(name.split_once('/'), Some((org, name)) if is_part(org) && is_part(name))
}

/// A branch, a tag or a commit. It becomes part of a path in the hub's cache.
fn is_revision(revision: &str) -> bool {
    revision.split('/').all(|part| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c))
    })
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Tiny => f.write_str("tiny"),
            Source::Mistaken(mistake) => write!(f, "tiny:{}", mistake.name()),
            Source::Folder(path) => path.display().fmt(f),
            Source::Hub { repo, revision } => match revision {
                Some(revision) => write!(f, "{repo}@{revision}"),
                None => f.write_str(repo),
            },
            Source::Synthetic(preset) => write!(f, "synthetic:{preset}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read_and_printed_back() {
        for name in [
            "tiny",
            "tiny:flat-prompt",
            "tiny:integer-dtype",
            "synthetic:llava-1.5-7b",
            "synthetic:llava-1.5-13b",
            "synthetic:small",
            "llava-hf/llava-1.5-7b-hf",
            "llava-hf/llava-1.5-7b-hf@refs/pr/3",
        ] {
            let source: Source = name.parse().unwrap();
            assert_eq!(source.to_string(), name);
            assert!(!matches!(source, Source::Folder(_)), "{name}");
        }
    }

    #[test]
    fn an_existing_folder_wins_over_a_hub_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        assert_eq!(path.parse::<Source>().unwrap(), Source::Folder(path.into()));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for name in [
            "",
            "tinny",
            "tiny:",
            "tiny:no-such-mistake",
            "./no/such",
            "/no/such",
            "a/b/c",
            "../b",
            "a/b@",
            "a/b@../c",
            "a b/c",
            "a/",
        ] {
            let refused = name.parse::<Source>();
            assert!(
                matches!(refused, Err(ModelError::UnknownModel { .. })),
                "{name:?}: {refused:?}"
            );
        }
        let refused = "synthetic:gpt".parse::<Source>().unwrap_err();
        assert!(refused.to_string().contains("llava-1.5-13b"), "{refused}");
    }
}
