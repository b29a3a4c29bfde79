//! What a run ran on: a snapshot that is safe to share.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Environment {
    pub crashpoint: String,
    pub kernel: Option<String>,
    pub distribution: Option<String>,
    pub cpu: Option<String>,
    pub cpus: Option<u32>,
    pub memory_total_bytes: Option<u64>,
    pub swap_total_bytes: Option<u64>,
    /// Every variable by name; the value only where it is known to be harmless.
    pub variables: BTreeMap<String, Option<String>>,
}
