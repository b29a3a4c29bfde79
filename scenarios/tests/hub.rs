//! Fetching a checkpoint from a hub: a small HTTP server on this machine plays it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use common::{Fixture, split};
use crashpoint_reports::Class;
use crashpoint_scenarios::model::{Checkpoint, Hub};
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const REPO: &str = "someone/llava";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const TOKEN: &str = "a-token";

/// What the served repository holds, and what was asked of it.
#[derive(Default)]
struct Served {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    requests: Mutex<Vec<String>>,
}

impl Served {
    fn folder(path: &Path) -> Arc<Served> {
        let served = Served::default();
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            served
                .files
                .lock()
                .unwrap()
                .insert(name, fs::read(path).unwrap());
        }
        Arc::new(served)
    }

    /// The endpoint. The server ends with the test's process.
    fn start(self: &Arc<Served>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let served = Arc::clone(self);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let served = Arc::clone(&served);
                thread::spawn(move || served.answer(stream.unwrap()));
            }
        });
        endpoint
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
            let path = line.split(' ').nth(1).unwrap().to_owned();
            let mut headers = BTreeMap::new();
            loop {
                line.clear();
                reader.read_line(&mut line).unwrap();
                match line.trim().split_once(": ") {
                    Some((name, value)) => headers.insert(name.to_lowercase(), value.to_owned()),
                    None => break,
                };
            }
            self.requests.lock().unwrap().push(path.clone());
            let allowed = headers
                .get("authorization")
                .is_some_and(|value| value == &format!("Bearer {TOKEN}"));
            let answer = match allowed {
                true => self.route(&path, headers.get("range")),
                false => response("401 Unauthorized", "", b""),
            };
            if stream.write_all(&answer).is_err() {
                return;
            }
            line.clear();
        }
    }

    fn route(&self, path: &str, range: Option<&String>) -> Vec<u8> {
        let files = self.files.lock().unwrap();
        if path == format!("/api/models/{REPO}/revision/main") {
            let siblings: Vec<_> = files
                .keys()
                .map(|name| json!({ "rfilename": name }))
                .collect();
            let info = json!({ "sha": COMMIT, "siblings": siblings }).to_string();
            return response(
                "200 OK",
                "content-type: application/json\r\n",
                info.as_bytes(),
            );
        }
        let prefix = format!("/{REPO}/resolve/{COMMIT}/");
        let Some(content) = path.strip_prefix(&prefix).and_then(|name| files.get(name)) else {
            return response("404 Not Found", "", b"");
        };
        let range = range.unwrap().strip_prefix("bytes=").unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let start: usize = start.parse().unwrap();
        let end = end.parse().map_or(content.len(), |end: usize| end + 1);
        let headers = format!(
            "etag: \"{:x}\"\r\nx-repo-commit: {COMMIT}\r\ncontent-range: bytes {start}-{}/{}\r\n",
            Sha256::digest(content),
            end - 1,
            content.len(),
        );
        response("206 Partial Content", &headers, &content[start..end])
    }

    fn asked_for(&self, part: &str) -> usize {
        let requests = self.requests.lock().unwrap();
        requests.iter().filter(|path| path.contains(part)).count()
    }
}

fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn hub(endpoint: &str, cache: &TempDir) -> Hub {
    Hub {
        endpoint: endpoint.into(),
        cache: cache.path().join("hub"),
        token: Some(TOKEN.into()),
        offline: false,
        patience: Duration::from_secs(60),
    }
}

/// Takes the call and never says a word.
#[test]
fn a_hub_that_stalls_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let cache = tempfile::tempdir().unwrap();
    let stalled = Hub {
        patience: Duration::from_millis(100),
        ..hub(
            &format!("http://{}", listener.local_addr().unwrap()),
            &cache,
        )
    };
    let error = stalled.fetch(REPO, None).unwrap_err();
    assert_eq!(error.class(), Class::DownloadFailed);
    assert!(error.to_string().contains("nothing arrived"), "{error}");
}

#[test]
fn a_checkpoint_is_fetched_once_and_then_found_offline() {
    let served = Served::folder(&Fixture::folder());
    let (endpoint, cache) = (served.start(), tempfile::tempdir().unwrap());
    let hub = hub(&endpoint, &cache);

    let folder = hub.fetch(REPO, None).unwrap();
    Checkpoint::open(&folder).unwrap();
    let weights = fs::read(folder.join("model.safetensors")).unwrap();
    assert_eq!(
        weights,
        fs::read(Fixture::folder().join("model.safetensors")).unwrap()
    );
    // Only what a model is made of.
    assert_eq!(served.asked_for("expected.json"), 0);

    let asked = served.asked_for("resolve");
    assert_eq!(hub.fetch(REPO, Some("main")).unwrap(), folder);
    assert_eq!(served.asked_for("resolve"), asked, "it was fetched again");

    let requests = served.asked_for("");
    let offline = Hub {
        offline: true,
        ..hub.clone()
    };
    assert_eq!(offline.fetch(REPO, None).unwrap(), folder);
    assert_eq!(offline.fetch(REPO, Some(COMMIT)).unwrap(), folder);
    assert_eq!(served.asked_for(""), requests, "it was not offline");
}

#[test]
fn what_another_client_left_in_the_cache_is_used() {
    let served = Served::folder(&Fixture::folder());
    let (endpoint, cache) = (served.start(), tempfile::tempdir().unwrap());
    let hub = hub(&endpoint, &cache);
    let repository = hub.cache.join("models--someone--llava");
    let snapshot = repository.join("snapshots").join(COMMIT);
    fs::create_dir_all(&snapshot).unwrap();
    for entry in fs::read_dir(Fixture::folder()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, snapshot.join(path.file_name().unwrap())).unwrap();
    }
    fs::create_dir_all(repository.join("refs")).unwrap();
    fs::write(repository.join("refs/main"), COMMIT).unwrap();

    assert_eq!(hub.fetch(REPO, None).unwrap(), snapshot);
    assert_eq!(served.asked_for("resolve"), 0);
    // And with nobody there to ask.
    let alone = Hub {
        endpoint: NOBODY.into(),
        ..hub
    };
    assert_eq!(alone.fetch(REPO, None).unwrap(), snapshot);
}

#[test]
fn several_weight_files_come_by_their_index() {
    let source = Fixture::copy();
    split(source.path(), 3);
    fs::write(
        source.path().join("consolidated.safetensors"),
        "not asked for",
    )
    .unwrap();
    let served = Served::folder(source.path());
    let (endpoint, cache) = (served.start(), tempfile::tempdir().unwrap());
    let folder = hub(&endpoint, &cache).fetch(REPO, None).unwrap();
    Checkpoint::open(&folder).unwrap();
    assert_eq!(served.asked_for("consolidated"), 0);
}

#[test]
fn an_index_cannot_reach_out_of_the_cache() {
    let source = Fixture::copy();
    split(source.path(), 2);
    common::edit_json(source.path(), "model.safetensors.index.json", |index| {
        index["weight_map"]["x"] = "../../../x.safetensors".into();
    });
    let served = Served::folder(source.path());
    served
        .files
        .lock()
        .unwrap()
        .insert("../../../x.safetensors".into(), vec![1]);
    let (endpoint, cache) = (served.start(), tempfile::tempdir().unwrap());
    let folder = hub(&endpoint, &cache).fetch(REPO, None).unwrap();
    assert_eq!(served.asked_for("../"), 0);
    let error = Checkpoint::open(&folder).unwrap_err();
    assert!(
        error.to_string().contains("../../../x.safetensors"),
        "{error}"
    );
}

#[test]
fn each_failure_says_what_to_do() {
    let served = Served::folder(&Fixture::folder());
    let (endpoint, cache) = (served.start(), tempfile::tempdir().unwrap());
    let there = hub(&endpoint, &cache);
    let stranger = Hub {
        token: None,
        ..there.clone()
    };
    let gone = Hub {
        endpoint: NOBODY.into(),
        ..there.clone()
    };
    let offline = Hub {
        offline: true,
        ..there.clone()
    };
    for (hub, repo, says) in [
        (&there, "someone/else", "check the name"),
        (&stranger, REPO, "HF_TOKEN"),
        (&gone, REPO, "check the network"),
        (&offline, REPO, "HF_HUB_OFFLINE"),
    ] {
        let error = hub.fetch(repo, None).unwrap_err();
        println!("{error}");
        assert_eq!(error.class(), Class::DownloadFailed);
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.to_string().contains(repo), "{error}");
        assert!(!error.to_string().contains(TOKEN), "{error}");
    }
}

#[test]
fn the_token_is_not_printed() {
    let cache = tempfile::tempdir().unwrap();
    let printed = format!("{:?}", hub("http://127.0.0.1", &cache));
    assert!(!printed.contains(TOKEN), "{printed}");
}

/// Where nothing listens: the lowest port is nobody's.
const NOBODY: &str = "http://127.0.0.1:1";
