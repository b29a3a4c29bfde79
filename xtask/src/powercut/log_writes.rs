//! What a disk holds after a power cut: all that was written before the last flush, and of what
//! came after it whatever part.
//!
//! The log is QEMU's `blklogwrites`, in the format of the kernel's dm-log-writes
//! (`Documentation/admin-guide/device-mapper/log-writes.rst` and `drivers/md/dm-log-writes.c`;
//! little-endian numbers): a sector that says how large a sector is, then for each write a sector
//! with its place and flags, and its data.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::Serialize;

const MAGIC: u64 = 0x006a_7366_7773_6872;
const FLUSH: u64 = 1 << 0;
const DISCARD: u64 = 1 << 2;
/// What a disk writes as a whole or not at all.
const PAGE: usize = 4096;

/// What became of the writes after the last flush, in pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Unflushed {
    pub kept: u64,
    pub dropped: u64,
}

/// A write, by where its data lies in the log.
struct Write {
    data: u64,
    offset: u64,
    bytes: u64,
}

/// The lengths of the log, up to this one, at which something was written and not flushed yet: power
/// that goes at any other moment takes nothing from the disk.
pub fn unflushed_at(log: &Path, until: u64) -> Result<Vec<u64>, Box<dyn Error>> {
    let mut log = File::open(log)?;
    let sector = sector_bytes(&mut log)?;
    let mut lengths = Vec::new();
    let mut at = sector;
    while at < until {
        let Some(entry) = Entry::read(&mut log, at, sector)? else {
            break;
        };
        at = entry.end;
        if entry.write.is_some() && at <= until {
            lengths.push(at);
        }
    }
    Ok(lengths)
}

/// Brings `disk` from the state before the log to one that it may have had when the log was `cut`
/// bytes long.
pub fn replay(
    log: &Path,
    cut: u64,
    disk: &Path,
    random: &mut fastrand::Rng,
) -> Result<Unflushed, Box<dyn Error>> {
    let mut log = File::open(log)?;
    let disk = OpenOptions::new().write(true).open(disk)?;
    let sector = sector_bytes(&mut log)?;
    let mut unflushed: Vec<Write> = Vec::new();
    let mut at = sector;
    while at < cut {
        let Some(entry) = Entry::read(&mut log, at, sector)? else {
            break;
        };
        at = entry.end;
        if entry.flushes {
            for write in unflushed.drain(..) {
                apply(&log, &disk, &write, &mut |_| true)?;
            }
        }
        unflushed.extend(entry.write);
    }
    let mut fate = Unflushed::default();
    // Anything from nothing to nearly all of it.
    let share = random.f64();
    for write in unflushed {
        apply(&log, &disk, &write, &mut |_| {
            let keep = random.f64() < share;
            *(if keep {
                &mut fate.kept
            } else {
                &mut fate.dropped
            }) += 1;
            keep
        })?;
    }
    disk.sync_data()?;
    Ok(fate)
}

fn sector_bytes(log: &mut File) -> Result<u64, Box<dyn Error>> {
    let mut head = [0; 28];
    log.seek(SeekFrom::Start(0))?;
    log.read_exact(&mut head)
        .map_err(|error| format!("failed to read the log of writes: {error}"))?;
    let sector = u64::from(u32::from_le_bytes([head[24], head[25], head[26], head[27]]));
    if number(&head, 0) != MAGIC || number(&head, 8) != 1 || sector < 512 {
        return Err("the log of writes is not one of dm-log-writes, version 1".into());
    }
    Ok(sector)
}

/// One entry of the log.
struct Entry {
    /// All that was written before it is on the disk.
    flushes: bool,
    write: Option<Write>,
    /// Where the next one begins.
    end: u64,
}

impl Entry {
    /// `None` beyond what was logged.
    fn read(log: &mut File, at: u64, sector: u64) -> io::Result<Option<Entry>> {
        let mut head = [0; 32];
        log.seek(SeekFrom::Start(at))?;
        match log.read_exact(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let [place, sectors, flags] = [number(&head, 0), number(&head, 8), number(&head, 16)];
        if [place, sectors, flags] == [0; 3] {
            return Ok(None);
        }
        let data = at + sector;
        // What a discarded block holds afterwards is left to the disk: here, what it held.
        let bytes = if flags & DISCARD == 0 {
            sectors * sector
        } else {
            0
        };
        Ok(Some(Entry {
            flushes: flags & FLUSH != 0,
            write: (bytes > 0).then_some(Write {
                data,
                offset: place * sector,
                bytes,
            }),
            end: data + bytes,
        }))
    }
}

fn number(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

/// Page by page, as the disk's own pages lie.
fn apply(
    log: &File,
    disk: &File,
    write: &Write,
    keep: &mut dyn FnMut(u64) -> bool,
) -> io::Result<()> {
    let mut page = [0; PAGE];
    let mut done = 0;
    while done < write.bytes {
        let offset = write.offset + done;
        let to_border = PAGE as u64 - offset % PAGE as u64;
        let length = to_border.min(write.bytes - done);
        if keep(offset) {
            // At most a page.
            let part = &mut page[..length as usize];
            log.read_exact_at(part, write.data + done)?;
            disk.write_all_at(part, offset)?;
        }
        done += length;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const SECTOR: usize = 512;

    struct Log(Vec<u8>);

    impl Log {
        fn new() -> Log {
            let mut head = vec![0; SECTOR];
            head[..8].copy_from_slice(&MAGIC.to_le_bytes());
            head[8] = 1;
            head[24..28].copy_from_slice(&512u32.to_le_bytes());
            Log(head)
        }

        fn entry(&mut self, sector: u64, sectors: u64, flags: u64) {
            let mut head = vec![0; SECTOR];
            head[..8].copy_from_slice(&sector.to_le_bytes());
            head[8..16].copy_from_slice(&sectors.to_le_bytes());
            head[16..24].copy_from_slice(&flags.to_le_bytes());
            self.0.extend(head);
        }

        fn write(&mut self, sector: u64, sectors: u64, byte: u8) {
            self.entry(sector, sectors, 0);
            self.0.extend(vec![byte; sectors as usize * SECTOR]);
        }
    }

    fn replayed(log: &Log, cut: u64, seed: u64) -> (Vec<u8>, Unflushed) {
        let folder = tempfile::tempdir().unwrap();
        let (path, disk) = (folder.path().join("log"), folder.path().join("disk"));
        fs::write(&path, &log.0).unwrap();
        fs::write(&disk, vec![0; 8 * PAGE]).unwrap();
        let mut random = fastrand::Rng::with_seed(seed);
        let fate = replay(&path, cut, &disk, &mut random).unwrap();
        (fs::read(disk).unwrap(), fate)
    }

    #[test]
    fn what_was_flushed_is_there_and_of_the_rest_any_part() {
        let mut log = Log::new();
        log.write(0, 8, 1);
        log.entry(0, 0, FLUSH);
        log.write(8, 16, 2);
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..40 {
            let (disk, fate) = replayed(&log, u64::MAX, seed);
            assert!(disk[..PAGE].iter().all(|&byte| byte == 1));
            let pages = [disk[PAGE], disk[2 * PAGE]];
            assert_eq!(
                fate.kept,
                pages.iter().filter(|&&byte| byte == 2).count() as u64
            );
            assert_eq!(fate.kept + fate.dropped, 2);
            seen.insert(pages);
        }
        assert_eq!(seen.len(), 4, "none, either, both: {seen:?}");
    }

    #[test]
    fn only_between_a_write_and_its_flush_is_anything_at_risk() {
        let mut log = Log::new();
        log.write(0, 8, 1);
        let written = log.0.len() as u64;
        log.entry(0, 0, FLUSH);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, &log.0).unwrap();
        assert_eq!(unflushed_at(&path, u64::MAX).unwrap(), [written]);
        assert!(unflushed_at(&path, written - 1).unwrap().is_empty());
    }

    #[test]
    fn what_comes_after_the_cut_never_happened() {
        let mut log = Log::new();
        log.write(0, 1, 1);
        let cut = log.0.len() as u64;
        log.entry(0, 0, FLUSH);
        log.write(1, 1, 2);
        log.entry(0, 0, FLUSH);
        let kept: Vec<bool> = (0..20)
            .map(|seed| {
                let (disk, _) = replayed(&log, cut, seed);
                assert_eq!(disk[SECTOR], 0);
                disk[0] == 1
            })
            .collect();
        assert!(kept.contains(&true) && kept.contains(&false));
    }
}
