//! More messages than anybody asked for.

use std::io::Write;

use super::{After, FaultError};

/// Well over what is taken between two markers.
const MESSAGES: u32 = 4000;

pub fn commit(supervisor: &mut dyn Write) -> Result<After, FaultError> {
    for n in 0..MESSAGES {
        if writeln!(supervisor, r#"{{"facts":{{"step":{n}}}}}"#).is_err() {
            // It has stopped listening.
            break;
        }
    }
    Ok(After::GoOn)
}
