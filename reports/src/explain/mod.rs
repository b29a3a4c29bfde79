//! What a class, an Xid, a signal or an exit code means: from what somebody typed to the facts.

mod name;
mod signal;

use serde::Serialize;

pub use name::{Unknown, named};
pub use signal::{ExitCode, Signal};

use crate::knowledge::{self, ClassFacts, Xid};
use crate::verdict::Class;

/// The name of the JSON that [`Explanation`]s make.
pub const SCHEMA: &str = "crashpoint.explanation/1";

/// One meaning of what was asked for; a bare number can have several.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Explanation {
    Class {
        class: Class,
        #[serde(flatten)]
        facts: &'static ClassFacts,
        /// The numbers that name this class by themselves.
        xids: Vec<u32>,
    },
    Xid {
        #[serde(flatten)]
        xid: &'static Xid,
        /// The numbers that are known to be its echo.
        followed_by: Vec<u32>,
    },
    Signal(Signal),
    ExitCode(ExitCode),
}

impl Explanation {
    pub fn class(class: Class) -> Explanation {
        let xids = knowledge::xids().filter(|xid| xid.class == Some(class));
        Explanation::Class {
            class,
            facts: knowledge::class(class),
            xids: xids.map(|xid| xid.number).collect(),
        }
    }

    /// `None` for a number that no source describes.
    pub fn xid(number: u32) -> Option<Explanation> {
        let xid = knowledge::xid(number)?;
        let after = knowledge::xids().filter(|other| other.follow_up_of.contains(&number));
        Some(Explanation::Xid {
            xid,
            followed_by: after.map(|other| other.number).collect(),
        })
    }
}
