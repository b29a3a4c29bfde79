//! What `crashpoint gate` is told.

use std::path::PathBuf;
use std::str::FromStr;

use bytesize::ByteSize;
use clap::Args;
use crashpoint_reports::gate;
use serde::{Deserialize, Deserializer};

use super::ColorChoice;

#[derive(Debug, Args)]
pub struct GateOptions {
    /// What is judged: run directories, reports, or folders of them
    #[arg(value_name = "REPORT", default_value = "crashpoint-runs/latest")]
    pub reports: Vec<PathBuf>,
    #[command(flatten)]
    pub limits: GateLimits,
    /// Keep what was judged as a baseline: a file that ends in .json, or a folder that several runs can be added to. Not after a regression
    #[arg(long, value_name = "PATH")]
    pub write_baseline: Option<PathBuf>,
    /// Print the decision as text, JSON, or Markdown for a pull request
    #[arg(long, value_enum, default_value = "text")]
    pub format: GateFormat,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum GateFormat {
    Text,
    Json,
    Md,
}

/// What a file can say as well: `[gate]`, with the names of the options.
#[derive(Debug, Clone, Default, PartialEq, Args, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GateLimits {
    /// What it is held against: a report, a run directory, or a folder of them; the noise is taken from several runs
    #[arg(long, value_name = "REPORT|DIR")]
    pub baseline: Option<PathBuf>,
    /// The crash rate of attempts must be below this with 95 % confidence, as in 1%
    #[arg(long, value_name = "SHARE")]
    pub max_crash_rate: Option<Share>,
    /// Longer for an image, or fewer tokens/s [default: 5%]
    #[arg(long, value_name = "SHARE")]
    pub max_slowdown: Option<Share>,
    /// Longer to load [default: 20%]
    #[arg(long, value_name = "SHARE")]
    pub max_load_slowdown: Option<Share>,
    /// More memory at most, of a worker or of the GPU's allocator [default: 5%]
    #[arg(long, value_name = "SHARE")]
    pub max_memory_growth: Option<Share>,
    /// More memory with every image than in the baseline [default: 1MiB]
    #[arg(long, value_name = "SIZE")]
    #[serde(deserialize_with = "size")]
    pub max_memory_slope: Option<ByteSize>,
    /// A field that may differ from the baseline's, by the name that the rule `comparable` gives it
    #[arg(long, value_name = "FIELD")]
    pub ignore: Vec<String>,
    /// A rule that is not to be judged, by its name
    #[arg(long, value_name = "RULE")]
    pub skip: Vec<gate::Rule>,
}

impl GateLimits {
    /// What was not given is taken from `file`.
    pub fn or(self, file: GateLimits) -> GateLimits {
        GateLimits {
            baseline: self.baseline.or(file.baseline),
            max_crash_rate: self.max_crash_rate.or(file.max_crash_rate),
            max_slowdown: self.max_slowdown.or(file.max_slowdown),
            max_load_slowdown: self.max_load_slowdown.or(file.max_load_slowdown),
            max_memory_growth: self.max_memory_growth.or(file.max_memory_growth),
            max_memory_slope: self.max_memory_slope.or(file.max_memory_slope),
            ignore: if self.ignore.is_empty() {
                file.ignore
            } else {
                self.ignore
            },
            skip: if self.skip.is_empty() {
                file.skip
            } else {
                self.skip
            },
        }
    }

    pub fn limits(&self) -> gate::Limits {
        let defaults = gate::Limits::default();
        let share = |given: Option<Share>, default| given.map_or(default, |share| share.0);
        gate::Limits {
            max_crash_rate: self.max_crash_rate.map(|share| share.0),
            max_slowdown: share(self.max_slowdown, defaults.max_slowdown),
            max_load_slowdown: share(self.max_load_slowdown, defaults.max_load_slowdown),
            max_memory_growth: share(self.max_memory_growth, defaults.max_memory_growth),
            max_memory_slope_bytes: self
                .max_memory_slope
                .map_or(defaults.max_memory_slope_bytes, |size| size.as_u64() as f64),
            ignore: self.ignore.clone(),
            skip: self.skip.clone(),
        }
    }
}

/// `5%`, or the same as `0.05`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(pub f64);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Share, String> {
        let (number, unit) = match text.strip_suffix('%') {
            Some(number) => (number.trim_end(), 100.0),
            None => (text, 1.0),
        };
        match number.parse::<f64>().map(|number| number / unit) {
            Ok(share) if (0.0..=1.0).contains(&share) => Ok(Share(share)),
            Ok(_) => Err("it must be from 0% to 100%".to_owned()),
            Err(_) => Err(format!("{text:?} is no share, as in 5% or 0.05")),
        }
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Share, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(f64),
            Text(String),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Number(number) => number.to_string(),
            Written::Text(text) => text,
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ByteSize>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_written_in_percent_or_as_a_number() {
        assert_eq!("5%".parse(), Ok(Share(0.05)));
        assert_eq!("0.01".parse(), Ok(Share(0.01)));
        assert!("5".parse::<Share>().unwrap_err().contains("100%"));
        assert!("fast".parse::<Share>().unwrap_err().contains("fast"));
    }

    #[test]
    fn a_file_gives_what_the_command_line_does_not() {
        let file: GateLimits = serde_json::from_str(
            r#"{"baseline": "good", "max-slowdown": "10%", "max-crash-rate": 0.01, "max-memory-slope": "2MiB"}"#,
        )
        .unwrap();
        let given = GateLimits {
            max_slowdown: Some(Share(0.2)),
            ..GateLimits::default()
        };
        let limits = given.or(file);
        assert_eq!(limits.baseline, Some(PathBuf::from("good")));
        assert_eq!(limits.limits().max_slowdown, 0.2);
        assert_eq!(limits.limits().max_crash_rate, Some(0.01));
        assert_eq!(
            limits.limits().max_memory_slope_bytes,
            2.0 * 1024.0 * 1024.0
        );
        let misspelt = serde_json::from_str::<GateLimits>(r#"{"max-slodown": "10%"}"#);
        assert!(misspelt.unwrap_err().to_string().contains("max-slodown"));
    }
}
