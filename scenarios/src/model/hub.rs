//! Checkpoints from the Hugging Face hub, through its own cache, as its Python client keeps it.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt;
use std::fs;
use std::io;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use hf_hub::api::sync::{Api, ApiBuilder, ApiError, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};
use serde::Deserialize;

use super::weights::{INDEX, SINGLE};
use super::{ModelError, patience};

const ENDPOINT: &str = "https://huggingface.co";
const PATIENCE: Duration = Duration::from_secs(60);
/// Small files that a checkpoint may have beside its weights.
const TEXTS: [&str; 8] = [
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "chat_template.json",
];

#[derive(Clone)]
pub struct Hub {
    pub endpoint: String,
    /// The folder of `models--*` folders.
    pub cache: PathBuf,
    pub token: Option<String>,
    /// Use what the cache holds and ask nobody.
    pub offline: bool,
    /// A download of which nothing arrives for so long is given up.
    pub patience: Duration,
}

/// Without the token.
impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("endpoint", &self.endpoint)
            .field("cache", &self.cache)
            .field("offline", &self.offline)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Hub {
    /// By `HF_ENDPOINT`, `HF_HUB_CACHE`, `HF_HOME`, `HF_TOKEN` and `HF_HUB_OFFLINE`.
    pub fn from_env() -> Hub {
        Hub::from_variables(|name| env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Hub {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let folder = |name: &str, inside: &str| Some(PathBuf::from(set(name)?).join(inside));
        let cache = set("HF_HUB_CACHE")
            .map(PathBuf::from)
            .or_else(|| folder("HF_HOME", "hub"))
            .or_else(|| folder("XDG_CACHE_HOME", "huggingface/hub"))
            .or_else(|| folder("HOME", ".cache/huggingface/hub"))
            .unwrap_or_else(|| crate::cache::folder().join("huggingface/hub"));
        let endpoint = set("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.into());
        Hub {
            endpoint: endpoint.trim_end_matches('/').into(),
            token: set("HF_TOKEN").or_else(|| Cache::new(cache.clone()).token()),
            offline: set("HF_HUB_OFFLINE").is_some_and(|value| is_true(&value)),
            cache,
            patience: PATIENCE,
        }
    }

    /// The folder in the cache that holds the checkpoint, fetched where the hub has something
    /// newer. An unreachable hub is no error when the cache has the checkpoint.
    pub fn fetch(&self, repo: &str, revision: Option<&str>) -> Result<PathBuf, ModelError> {
        let revision = revision.unwrap_or("main");
        if self.offline {
            return self
                .cached(repo, revision)
                .ok_or_else(|| ModelError::Offline {
                    what: format!("{repo}@{revision}"),
                    cache: self.cache.clone(),
                });
        }
        let (hub, name, wanted) = (self.clone(), repo.to_owned(), revision.to_owned());
        patience::while_growing(&self.folder(repo), self.patience, move || {
            hub.fetch_from_hub(&name, &wanted)
        })
        .unwrap_or_else(|| {
            Err(ModelError::Download {
                what: format!("{repo}@{revision}"),
                endpoint: self.endpoint.clone(),
                why: format!("nothing arrived for {} s", self.patience.as_secs_f64()),
                hint: "check the network and try again",
            })
        })
    }

    fn fetch_from_hub(&self, repo: &str, revision: &str) -> Result<PathBuf, ModelError> {
        let what = format!("{repo}@{revision}");
        let api = self.api().map_err(|error| self.failed(&what, &error))?;
        let asked = api.repo(Repo::with_revision(
            repo.into(),
            RepoType::Model,
            revision.into(),
        ));
        match asked.info() {
            Ok(info) => {
                let names: Vec<String> = info
                    .siblings
                    .into_iter()
                    .map(|file| file.rfilename)
                    .collect();
                self.fetch_files(&api, repo, revision, &info.sha, &names)
            }
            Err(error) => match self.cached(repo, revision) {
                Some(folder) if !is_refusal(&error) => Ok(folder),
                _ => Err(self.failed(&what, &error)),
            },
        }
    }

    fn api(&self) -> Result<Api, ApiError> {
        ApiBuilder::from_cache(Cache::new(self.cache.clone()))
            .with_endpoint(self.endpoint.clone())
            .with_token(self.token.clone())
            .with_progress(io::stderr().is_terminal())
            .with_retries(2)
            .build()
    }

    /// Every file of one commit, whatever a branch does meanwhile.
    fn fetch_files(
        &self,
        api: &Api,
        repo: &str,
        revision: &str,
        commit: &str,
        names: &[String],
    ) -> Result<PathBuf, ModelError> {
        let of =
            |revision: &str| Repo::with_revision(repo.into(), RepoType::Model, revision.into());
        // It becomes part of a path.
        if !commit.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(self.nonsense(repo, "a commit that is no hexadecimal number"));
        }
        // hf-hub finds by a revision's name alone, also what another client has fetched; and the
        // cache is to know offline what the revision was.
        let cache = Cache::new(self.cache.clone());
        for revision in [commit, revision] {
            let created = cache.repo(of(revision)).create_ref(commit);
            created.map_err(ModelError::unreadable(&self.cache))?;
        }
        let files = api.repo(of(commit));
        for name in names.iter().filter(|name| TEXTS.contains(&name.as_str())) {
            self.fetch_file(&files, repo, name)?;
        }
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        if has(SINGLE) {
            self.fetch_file(&files, repo, SINGLE)?;
        } else if has(INDEX) {
            // What the index calls for and the hub does not have is missing later, by name.
            for name in self.shards(&files, repo)?.iter().filter(|name| has(name)) {
                self.fetch_file(&files, repo, name)?;
            }
        }
        Ok(cache.repo(of(revision)).pointer_path(commit))
    }

    fn shards(&self, files: &ApiRepo, repo: &str) -> Result<BTreeSet<String>, ModelError> {
        let path = self.fetch_file(files, repo, INDEX)?;
        let text = fs::read_to_string(&path).map_err(ModelError::unreadable(&path))?;
        let index: Index =
            serde_json::from_str(&text).map_err(|source| ModelError::NotJson { path, source })?;
        let is_here = |name: &String| !name.contains('/');
        Ok(index.weight_map.into_values().filter(is_here).collect())
    }

    fn fetch_file(&self, files: &ApiRepo, repo: &str, name: &str) -> Result<PathBuf, ModelError> {
        files
            .get(name)
            .map_err(|error| self.failed(&format!("{name} of {repo}"), &error))
    }

    fn folder(&self, repo: &str) -> PathBuf {
        self.cache
            .join(format!("models--{}", repo.replace('/', "--")))
    }

    /// The snapshot of a branch, a tag or a commit.
    fn cached(&self, repo: &str, revision: &str) -> Option<PathBuf> {
        let folder = self.folder(repo);
        let commit = match fs::read_to_string(folder.join("refs").join(revision)) {
            Ok(commit) => commit.trim().to_owned(),
            Err(_) => revision.to_owned(),
        };
        let snapshot = folder.join("snapshots").join(commit);
        snapshot.join("config.json").exists().then_some(snapshot)
    }

    fn nonsense(&self, repo: &str, what: &str) -> ModelError {
        ModelError::Download {
            what: repo.into(),
            endpoint: self.endpoint.clone(),
            why: format!("it answered with {what}"),
            hint: "check HF_ENDPOINT",
        }
    }

    fn failed(&self, what: &str, error: &ApiError) -> ModelError {
        if let ApiError::IoError(error) = error
            && matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::StorageFull
            )
        {
            return ModelError::Unreadable {
                path: self.cache.clone(),
                source: error.kind().into(),
            };
        }
        let hint = match status(error) {
            Some(401 | 403) => {
                "log in with a token that may read it (HF_TOKEN) and accept the model's terms"
            }
            Some(404) => "check the name and the revision",
            _ => "check the network and HF_ENDPOINT, or give a local folder",
        };
        ModelError::Download {
            what: what.into(),
            endpoint: self.endpoint.clone(),
            why: error.to_string(),
            hint,
        }
    }
}

/// As the hub's Python client reads its switches.
fn is_true(value: &str) -> bool {
    matches!(
        value.to_ascii_uppercase().as_str(),
        "1" | "ON" | "YES" | "TRUE"
    )
}

/// The hub answered, and said no.
fn is_refusal(error: &ApiError) -> bool {
    status(error).is_some_and(|status| (400..500).contains(&status))
}

fn status(error: &ApiError) -> Option<u16> {
    // The HTTP client's error type is not among hf-hub's exports; its text begins with the status.
    let text = error.to_string();
    let (_, rest) = text.split_once("http status: ")?;
    rest.get(..3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(variables: &[(&str, &str)]) -> Hub {
        Hub::from_variables(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_usual_variables_are_honoured() {
        let home = ("HOME", "/home/someone");
        let plain = hub(&[home]);
        assert_eq!(plain.endpoint, "https://huggingface.co");
        assert_eq!(
            plain.cache,
            PathBuf::from("/home/someone/.cache/huggingface/hub")
        );
        assert!(!plain.offline);

        let set = hub(&[
            home,
            ("HF_HOME", "/data/hf"),
            ("HF_ENDPOINT", "https://mirror.example/"),
            ("HF_TOKEN", "secret"),
            ("HF_HUB_OFFLINE", "true"),
        ]);
        assert_eq!(set.endpoint, "https://mirror.example");
        assert_eq!(set.cache, PathBuf::from("/data/hf/hub"));
        assert_eq!(set.token.as_deref(), Some("secret"));
        assert!(set.offline);
        let empty = hub(&[home, ("HF_HUB_OFFLINE", ""), ("HF_HUB_CACHE", "/data/hub")]);
        assert!(!empty.offline);
        assert_eq!(empty.cache, PathBuf::from("/data/hub"));
    }
}
