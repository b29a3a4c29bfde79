//! What `crashpoint lint` is told.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytesize::ByteSize;
use clap::{Args, ValueHint};
use crashpoint_reports::lint::Severity;
use serde::{Deserialize, Deserializer};

use super::ColorChoice;

#[derive(Debug, Args)]
pub struct LintOptions {
    /// What is read; of a folder what .gitignore does not hide
    #[arg(value_name = "FILE|DIR", required_unless_present_any = ["explain", "rules"], value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Memory of one card of the machine that it will run on, as in 24GiB
    #[arg(long, value_name = "SIZE")]
    pub gpu_memory: Option<ByteSize>,
    /// Leave out a rule
    #[arg(long, value_name = "RULE")]
    pub disable: Vec<String>,
    /// Leave out what this pattern matches, as in .gitignore
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Say what a rule is about, and where its facts come from
    #[arg(long, value_name = "RULE", conflicts_with_all = ["paths", "rules"])]
    pub explain: Option<String>,
    /// List all rules
    #[arg(long, conflicts_with = "paths")]
    pub rules: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: LintFormat,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LintFormat {
    Text,
    Json,
    Sarif,
}

/// What a file can say: `[lint]`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LintTable {
    /// Rules that are left out.
    pub disable: Vec<String>,
    /// By rule.
    pub severity: BTreeMap<String, Severity>,
    /// Patterns of paths from the file's folder on, as in `.gitignore`.
    pub exclude: Vec<String>,
    #[serde(deserialize_with = "size")]
    pub gpu_memory: Option<ByteSize>,
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ByteSize>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_it_can_and_nothing_else() {
        let table: LintTable = toml::from_str(
            "disable = ['unpinned-revision']\nexclude = ['old/**']\ngpu-memory = '24GiB'\n[severity]\ninteger-dtype = 'warning'\n",
        )
        .unwrap();
        assert_eq!(table.gpu_memory, Some(ByteSize::gib(24)));
        assert_eq!(table.severity["integer-dtype"], Severity::Warning);
        assert!(toml::from_str::<LintTable>("disabled = []").is_err());
        assert!(toml::from_str::<LintTable>("gpu-memory = 'much'").is_err());
    }
}
