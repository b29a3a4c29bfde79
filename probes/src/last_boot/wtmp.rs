//! Boots and shutdowns as `/var/log/wtmp` has them: `struct utmp` (utmp(5), glibc's bits/utmp.h).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use crashpoint_reports::recovery::{Found, SourceRead, WtmpKind, WtmpRecord};

use super::root::{Root, unread};

const SOURCE: &str = "wtmp";
const FILE: &str = "var/log/wtmp";
/// A database took its place on newer systems.
const DATABASE: &str = "var/lib/wtmpdb/wtmp.db";
/// Of the end: a few thousand records.
const MOST_RECORDS: u64 = 4096;

const RUN_LVL: i16 = 1;
const BOOT_TIME: i16 = 2;
const LAST_TYPE: i16 = 9;

/// Where the time stands depends on whether the ABI has a 32-bit one: 384 bytes on x86, 400 where
/// `time_t` was always 64 bits, as on aarch64.
#[derive(Debug, Clone, Copy)]
struct Layout {
    size: usize,
    seconds: usize,
    wide: bool,
}

const LAYOUTS: [Layout; 2] = [
    Layout {
        size: 384,
        seconds: 340,
        wide: false,
    },
    Layout {
        size: 400,
        seconds: 344,
        wide: true,
    },
];

pub fn look(root: &Root, found: &mut Found) {
    let path = root.at(FILE);
    let database = root.at(DATABASE);
    let source = match read(&path) {
        Err(error) => unread(SOURCE, &path, &error),
        Ok(None) => SourceRead::not_readable(
            SOURCE,
            format!("{}: not the records that this was made for", path.display()),
        )
        .remedy("last -x -f /var/log/wtmp reboot shutdown"),
        Ok(Some(records)) => {
            let of = |kind| records.iter().filter(|it| it.kind == kind).count();
            let said = format!(
                "{}: {} boots and {} shutdowns",
                path.display(),
                of(WtmpKind::Boot),
                of(WtmpKind::Shutdown)
            );
            found.wtmp = Some(records);
            SourceRead::read(SOURCE, said)
        }
    };
    found.sources.push(source);
    if database.exists() {
        found.sources.push(
            SourceRead::not_readable(
                "wtmpdb",
                format!("{}: a database that is not read", database.display()),
            )
            .remedy("wtmpdb last"),
        );
    }
}

/// `None` if it holds something else.
fn read(path: &std::path::Path) -> io::Result<Option<Vec<WtmpRecord>>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let fits = |layout: &&Layout| length.is_multiple_of(layout.size as u64);
    for layout in LAYOUTS
        .iter()
        .filter(fits)
        .chain(LAYOUTS.iter().filter(|it| !fits(it)))
    {
        let size = layout.size as u64;
        let records = length / size;
        let skipped = records.saturating_sub(MOST_RECORDS);
        file.seek(SeekFrom::Start(skipped * size))?;
        let mut bytes = Vec::new();
        (&mut file)
            .take(MOST_RECORDS * size)
            .read_to_end(&mut bytes)?;
        if let Some(records) = parse(&bytes, *layout) {
            return Ok(Some(records));
        }
    }
    Ok(None)
}

fn parse(bytes: &[u8], layout: Layout) -> Option<Vec<WtmpRecord>> {
    let mut records = Vec::new();
    // A torn record at the end is passed over.
    for record in bytes.chunks_exact(layout.size) {
        let kind = i16::from_ne_bytes(record.get(..2)?.try_into().ok()?);
        if !(0..=LAST_TYPE).contains(&kind) {
            return None;
        }
        records.extend(boot_or_shutdown(kind, record, layout));
    }
    Some(records)
}

fn boot_or_shutdown(kind: i16, record: &[u8], layout: Layout) -> Option<WtmpRecord> {
    let pid = i32::from_ne_bytes(record.get(4..8)?.try_into().ok()?);
    let line = text(record.get(8..40)?);
    let user = text(record.get(44..76)?);
    let host = text(record.get(76..332)?);
    let kind = match kind {
        BOOT_TIME => WtmpKind::Boot,
        // systemd and sysvinit's shutdown write the name, init the level: 0 is off, 6 a reboot.
        RUN_LVL if user == "shutdown" => WtmpKind::Shutdown,
        RUN_LVL if matches!(u8::try_from(pid & 0xff), Ok(b'0' | b'6')) => WtmpKind::Shutdown,
        _ => return None,
    };
    let at = layout.seconds;
    let (seconds, us) = if layout.wide {
        let number = |at: usize| Some(i64::from_ne_bytes(record.get(at..at + 8)?.try_into().ok()?));
        (number(at)?, number(at + 8)?)
    } else {
        let number = |at: usize| Some(u32::from_ne_bytes(record.get(at..at + 4)?.try_into().ok()?));
        // Unsigned, as the 32 bits are read from 2038 on.
        (i64::from(number(at)?), i64::from(number(at + 4)?))
    };
    let wall_us = u64::try_from(seconds)
        .ok()?
        .checked_mul(1_000_000)?
        .checked_add(u64::try_from(us).ok().filter(|&us| us < 1_000_000)?)?;
    let what = match kind {
        WtmpKind::Boot => "boot",
        WtmpKind::Shutdown => "shutdown",
    };
    Some(WtmpRecord {
        kind,
        wall_us,
        text: format!("{what}: {user} {line} {host}")
            .trim_end()
            .to_owned(),
    })
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0);
    String::from_utf8_lossy(bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default())
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record as glibc lays it out.
    fn record(layout: Layout, kind: i16, pid: i32, user: &str, seconds: u64) -> Vec<u8> {
        let mut bytes = vec![0; layout.size];
        bytes[..2].copy_from_slice(&kind.to_ne_bytes());
        bytes[4..8].copy_from_slice(&pid.to_ne_bytes());
        bytes[8..9].copy_from_slice(b"~");
        bytes[40..42].copy_from_slice(b"~~");
        bytes[44..44 + user.len()].copy_from_slice(user.as_bytes());
        bytes[76..82].copy_from_slice(b"6.12.1");
        let at = layout.seconds;
        if layout.wide {
            bytes[at..at + 8].copy_from_slice(&seconds.to_ne_bytes());
            bytes[at + 8..at + 16].copy_from_slice(&250_000_u64.to_ne_bytes());
        } else {
            bytes[at..at + 4].copy_from_slice(&(seconds as u32).to_ne_bytes());
            bytes[at + 4..at + 8].copy_from_slice(&250_000_u32.to_ne_bytes());
        }
        bytes
    }

    fn looked(contents: Option<&[u8]>) -> Found {
        let root = tempfile::tempdir().unwrap();
        if let Some(contents) = contents {
            std::fs::create_dir_all(root.path().join("var/log")).unwrap();
            std::fs::write(root.path().join(FILE), contents).unwrap();
        }
        let mut found = Found::default();
        look(&Root::at_folder(root.path()), &mut found);
        found
    }

    #[test]
    fn boots_and_shutdowns_are_read_in_both_layouts() {
        const USER_PROCESS: i16 = 7;
        for layout in LAYOUTS {
            let mut file = Vec::new();
            for (kind, pid, user, seconds) in [
                (BOOT_TIME, 0, "reboot", 1_795_000_000_u64),
                (RUN_LVL, 0x4e35, "runlevel", 1_795_000_005),
                (USER_PROCESS, 812, "me", 1_795_000_010),
                (RUN_LVL, 0, "shutdown", 1_795_000_100),
                (BOOT_TIME, 0, "reboot", 1_795_000_130),
                (RUN_LVL, 0x3536, "runlevel", 1_795_000_200),
            ] {
                file.extend(record(layout, kind, pid, user, seconds));
            }
            file.extend([1, 0, 0]);
            let records = looked(Some(&file)).wtmp.unwrap();
            let kinds: Vec<_> = records.iter().map(|it| (it.kind, it.wall_us)).collect();
            assert_eq!(
                kinds,
                [
                    (WtmpKind::Boot, 1_795_000_000_250_000),
                    (WtmpKind::Shutdown, 1_795_000_100_250_000),
                    (WtmpKind::Boot, 1_795_000_130_250_000),
                    (WtmpKind::Shutdown, 1_795_000_200_250_000),
                ],
                "{layout:?}"
            );
            assert_eq!(records[1].text, "shutdown: shutdown ~ 6.12.1");
        }
    }

    #[test]
    fn an_empty_one_is_read_and_foreign_bytes_are_not() {
        assert_eq!(looked(Some(b"")).wtmp, Some(Vec::new()));
        let foreign = looked(Some(&[0x55; 4000]));
        assert_eq!(foreign.wtmp, None);
        assert_eq!(
            foreign.sources[0].state,
            crashpoint_reports::recovery::SourceState::NotReadable
        );
        assert_eq!(
            looked(None).sources[0].state,
            crashpoint_reports::recovery::SourceState::Absent
        );
    }
}
