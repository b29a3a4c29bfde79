//! Who sets the markers.

use serde::Serialize;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Worker {
    /// The tiny model, as anybody runs it: about a marker a second on an emulated machine.
    #[default]
    Model,
    /// [`quick.sh`](quick.sh): as many as the disk takes.
    Quick,
}

impl Worker {
    /// As `init.sh` knows it.
    pub fn name(self) -> &'static str {
        match self {
            Worker::Model => "model",
            Worker::Quick => "quick",
        }
    }
}
