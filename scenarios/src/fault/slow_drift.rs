//! Time that is lost with every image, a little more each.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::{After, FaultError};

/// Until it is known how long an image takes here.
const FIRST: Duration = Duration::from_millis(20);
/// Of what an image takes: as visible on a fast machine as on a slow or a busy one.
const SHARE: u32 = 3;
/// Enough to be seen, and no hang.
const MOST: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Drift {
    last: Instant,
    /// What is added with each image.
    step: Option<Duration>,
}

static DRIFT: Mutex<Option<Drift>> = Mutex::new(None);

pub fn commit(position: Option<u32>) -> Result<After, FaultError> {
    let failed = |_| FaultError::Failed("failed to keep the time".to_owned());
    let mut drift = DRIFT.lock().map_err(failed)?;
    let known = drift.as_ref().map(|drift| {
        let one_image = drift.last.elapsed() / SHARE;
        drift.step.unwrap_or_else(|| one_image.max(FIRST))
    });
    let step = known.unwrap_or(FIRST);
    std::thread::sleep(step.saturating_mul(position.unwrap_or(1)).min(MOST));
    *drift = Some(Drift {
        last: Instant::now(),
        step: known,
    });
    Ok(After::GoOn)
}
