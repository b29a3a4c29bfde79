//! A headless Chromium for each look at a page, in a profile of its own, and never for long.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use sha2::{Digest, Sha256};

/// It may be started on a machine that builds something else meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Look {
    width: u32,
    height: u32,
    dark: bool,
}

/// What a script in the page found out about it.
#[derive(Debug)]
pub struct Probed(BTreeMap<String, String>);

impl Probed {
    #[track_caller]
    pub fn text(&self, name: &str) -> &str {
        let found = self.0.get(name);
        found.unwrap_or_else(|| panic!("{name:?} is not in {self:?}"))
    }

    #[track_caller]
    pub fn number(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap()
    }
}

impl Look {
    pub fn desk() -> Look {
        Look {
            width: 1280,
            height: 3600,
            dark: false,
        }
    }

    pub fn dark() -> Look {
        Look {
            dark: true,
            ..Look::desk()
        }
    }

    pub fn phone() -> Look {
        Look {
            width: 390,
            height: 6000,
            dark: false,
        }
    }

    /// Runs the page with a script of ours beside its own, which its policy is told to let run.
    pub fn probe(&self, name: &str, page: &str) -> Probed {
        let probe = include_str!("probe.js");
        let page = self.framed(&with_script(page, probe));
        let dom = self.run(name, &page, &["--virtual-time-budget=10000", "--dump-dom"]);
        let dom = String::from_utf8_lossy(&dom.stdout).into_owned();
        let (_, found) = dom
            .split_once("data-probe=\"")
            .unwrap_or_else(|| panic!("the probe did not come to its end:\n{dom:.2000}"));
        let (found, _) = found.split_once('"').unwrap();
        let found = found
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        Probed(serde_json::from_str(&found).unwrap())
    }

    /// Leaves a screenshot.
    pub fn picture(&self, name: &str, page: &str) {
        let picture = folder().join(format!("{name}.png"));
        let _ = std::fs::remove_file(&picture);
        let shot = format!("--screenshot={}", picture.display());
        self.run(&format!("{name}-picture"), &self.framed(page), &[&shot]);
        let bytes = std::fs::read(&picture).unwrap();
        assert!(bytes.starts_with(b"\x89PNG"), "{}", picture.display());
    }

    /// As PDF.
    pub fn print(&self, name: &str, page: &str) -> Vec<u8> {
        let paper = folder().join(format!("{name}.pdf"));
        let _ = std::fs::remove_file(&paper);
        let print = format!("--print-to-pdf={}", paper.display());
        self.run(name, page, &["--no-pdf-header-footer", &print]);
        std::fs::read(&paper).unwrap()
    }

    /// A window can't be as narrow as a phone, a frame within it can.
    fn framed(&self, page: &str) -> String {
        if self.width >= 600 {
            return page.to_owned();
        }
        let source = page.replace('&', "&amp;").replace('"', "&quot;");
        format!(
            "<!DOCTYPE html><meta charset=utf-8><body style=margin:0><iframe style=border:0 width={} \
             height={} srcdoc=\"{source}\"></iframe>",
            self.width, self.height
        )
    }

    fn run(&self, name: &str, page: &str, arguments: &[&str]) -> std::process::Output {
        let file = folder().join(format!("{name}.html"));
        std::fs::write(&file, page).unwrap();
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new("timeout");
        command
            .args(["--kill-after=5", &PATIENCE.as_secs().to_string()])
            .arg(chromium())
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!(
                "--window-size={},{}",
                self.width.max(600),
                self.height
            ))
            .args(self.dark.then_some("--force-dark-mode"))
            .args(arguments)
            .arg(format!("file://{}", file.display()))
            .stdin(Stdio::null());
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{name}: {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }
}

fn with_script(page: &str, script: &str) -> String {
    use base64::Engine;
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script));
    let allowed = format!("script-src 'sha256-{hash}' ");
    let page = page.replacen("script-src ", &allowed, 1);
    assert!(page.contains(&allowed), "the page has no policy");
    page.replacen("<title>", &format!("<script>{script}</script><title>"), 1)
}

fn chromium() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|file| file.is_file())
        .unwrap_or_else(|| {
            panic!("there is no Chromium on the PATH to look at the page with: apt-get install chromium")
        })
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
