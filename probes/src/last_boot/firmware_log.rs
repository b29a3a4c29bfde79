//! What firmware and its daemons keep of errors: a BMC's event log through ipmitool, rasdaemon's
//! database.

use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use crashpoint_reports::recovery::{Found, PlatformEvent, SourceRead};

use super::root::Root;
use crate::bounded;

const SOURCE: &str = "platform event log";
const DEVICES: [&str; 3] = ["dev/ipmi0", "dev/ipmi/0", "dev/ipmidev/0"];
const RAS: &str = "var/lib/rasdaemon/ras-mc_event.db";
/// A BMC's bus is slow.
const ANSWERS: Duration = Duration::from_secs(10);
const MOST_BYTES: u64 = 256 << 10;
const LAST: &str = "60";

pub fn look(root: &Root, found: &mut Found) {
    let database = root.at(RAS);
    if database.exists() {
        found.sources.push(
            SourceRead::not_readable(
                "rasdaemon",
                format!("{}: a database that is not read", database.display()),
            )
            .remedy("sudo ras-mc-ctl --errors"),
        );
    }
    if !DEVICES.iter().any(|device| root.at(device).exists()) {
        found
            .sources
            .push(SourceRead::absent(SOURCE, "no BMC: there is no /dev/ipmi0"));
        return;
    }
    if !root.is_the_machine() {
        return;
    }
    let mut command = Command::new("ipmitool");
    command.args(["sel", "elist", "last", LAST]);
    found
        .sources
        .push(match bounded::output(&mut command, ANSWERS, MOST_BYTES) {
            Ok(text) => {
                found.platform_events.extend(text.lines().filter_map(event));
                let said = format!("{} events", found.platform_events.len());
                SourceRead::read(SOURCE, said)
            }
            Err(why) => SourceRead::not_readable(SOURCE, format!("ipmitool sel elist: {why}"))
                .remedy("sudo apt install ipmitool; sudo ipmitool sel elist"),
        });
}

/// ` 1f | 11/23/2026 | 14:02:11 UTC | Power Supply PS1 | Failure detected | Asserted`. Without a zone
/// it is the BMC's own, which is taken for UTC.
fn event(line: &str) -> Option<PlatformEvent> {
    let mut fields = line.split('|').map(str::trim);
    let _number = fields.next()?;
    let (date, time) = (fields.next()?, fields.next()?);
    let text: Vec<&str> = fields.collect();
    if text.is_empty() {
        return None;
    }
    Some(PlatformEvent {
        wall_us: wall_us(date, time),
        text: text.join(" | "),
    })
}

fn wall_us(date: &str, time: &str) -> Option<u64> {
    let mut parts = date.split('/');
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    let time = time.split_whitespace().next()?;
    let year = if year.len() == 2 {
        format!("20{year}")
    } else {
        year.to_owned()
    };
    let at = humantime::parse_rfc3339(&format!("{year}-{month}-{day}T{time}Z")).ok()?;
    u64::try_from(at.duration_since(UNIX_EPOCH).ok()?.as_micros()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_a_time_and_their_words() {
        let found = event(
            " 1f | 11/23/2026 | 14:02:11 UTC | Power Supply PS1 | Failure detected | Asserted",
        )
        .unwrap();
        assert_eq!(found.wall_us, Some(1_795_442_531_000_000));
        assert_eq!(found.text, "Power Supply PS1 | Failure detected | Asserted");
        let old =
            event("   1 | 11/23/26 | 14:02:11 | Watchdog2 #0xca | Hard reset | Asserted").unwrap();
        assert_eq!(old.wall_us, found.wall_us);
        // Before the BMC's clock was set.
        let early = event("2 | Pre-Init  |0000000012| Memory | Correctable ECC").unwrap();
        assert_eq!(early.wall_us, None);
        assert_eq!(event("SEL has no entries"), None);
    }
}
