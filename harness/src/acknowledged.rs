//! Tells somebody outside which markers were acknowledged, each after the worker was told.
//!
//! It is there to be believed by a test that takes the machine away: what it named must be in the
//! journal afterwards. It writes on a thread of its own, so that a slow line delays no marker; a
//! line that fails is given up, and the run does not care.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use crashpoint_reports::event::Marker;
use nix::fcntl::OFlag;
use serde::Serialize;

use crate::failure::Failure;

/// Names a file or a character device. One line of JSON is written to it for every marker.
const VARIABLE: &str = "CRASHPOINT_ACKNOWLEDGED";

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    marker: &'a Marker,
    /// From the marker's arrival until the worker was told.
    waited_us: u128,
}

#[derive(Debug, Clone)]
pub struct Acknowledged(Sender<(Marker, Duration)>);

impl Acknowledged {
    /// `None` where the environment names nobody to tell.
    pub fn asked_for() -> Result<Option<Acknowledged>, Failure> {
        let Some(path) = std::env::var_os(VARIABLE) else {
            return Ok(None);
        };
        let path = Path::new(&path);
        let to = Acknowledged::to(path).map_err(|error| Failure::write(path, &error))?;
        Ok(Some(to))
    }

    fn to(path: &Path) -> io::Result<Acknowledged> {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            // A serial line must not become the terminal that ends the run when it hangs up.
            .custom_flags(OFlag::O_NOCTTY.bits())
            .open(path)?;
        let (told, inbox) = channel();
        std::thread::Builder::new()
            .name("acknowledged".to_owned())
            .spawn(move || write_all(file, &inbox))?;
        Ok(Acknowledged(told))
    }

    pub fn tell(&self, marker: Marker, waited: Duration) {
        let _ = self.0.send((marker, waited));
    }
}

fn write_all(mut file: File, inbox: &Receiver<(Marker, Duration)>) {
    for (marker, waited) in inbox {
        let line = Line {
            marker: &marker,
            waited_us: waited.as_micros(),
        };
        let Ok(mut line) = serde_json::to_vec(&line) else {
            continue;
        };
        line.push(b'\n');
        if file.write_all(&line).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crashpoint_reports::Phase;

    #[test]
    fn a_marker_is_one_line_that_reads_as_a_marker() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("told");
        let marker = Marker {
            attempt: 2,
            id: Some(7),
            phase: Phase::Decode,
            image: None,
        };
        let (told, inbox) = channel();
        told.send((marker.clone(), Duration::from_micros(250)))
            .unwrap();
        drop(told);
        write_all(File::create(&path).unwrap(), &inbox);
        let text = std::fs::read_to_string(path).unwrap();
        let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
        assert_eq!(line["waited_us"], 250);
        assert_eq!(serde_json::from_value::<Marker>(line).unwrap(), marker);
    }
}
