//! What a worker's executable was built with, told without touching a GPU.

use serde::{Deserialize, Serialize};

/// Asks for it.
pub const QUESTION: &str = "--built-with";
pub const CUDA: &str = "cuda";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltWith {
    /// Its version.
    pub crashpoint: String,
    pub features: Vec<String>,
}

impl BuiltWith {
    /// Of this executable.
    pub fn this() -> BuiltWith {
        let features = [
            (cfg!(feature = "cuda"), CUDA),
            (cfg!(feature = "cudnn"), "cudnn"),
            (cfg!(feature = "metal"), "metal"),
        ];
        BuiltWith {
            crashpoint: env!("CARGO_PKG_VERSION").to_owned(),
            features: features
                .iter()
                .filter(|(has, _)| *has)
                .map(|(_, name)| (*name).to_owned())
                .collect(),
        }
    }

    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|it| it == feature)
    }

    /// One line of JSON.
    pub fn print(&self) -> std::process::ExitCode {
        match serde_json::to_string(self) {
            Ok(line) => {
                println!("{line}");
                std::process::ExitCode::SUCCESS
            }
            Err(_) => std::process::ExitCode::FAILURE,
        }
    }
}
