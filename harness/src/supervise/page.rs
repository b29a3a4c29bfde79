//! The supervisor's side of the page in which a worker says what it does inside a phase: makes it,
//! and reads it whatever has become of the worker.
//!
//! It is read by system calls, not mapped: nobody is in a hurry here, and no memory of ours is
//! anybody else's to write to.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{Ordering, fence};

use crashpoint_reports::page::{BYTES, COUNT, Look, Statement, WORDS, head, look};
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};

/// A worker that makes statements faster than they can be read has none for this time.
const TRIES: u32 = 16;

#[derive(Debug)]
pub struct Page {
    file: File,
}

impl Page {
    /// In memory alone, of a size that nobody can change.
    pub fn make() -> io::Result<Page> {
        let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
        let file = File::from(memfd_create("crashpoint-page", flags)?);
        file.set_len(BYTES as u64)?;
        for (at, word) in (0..).zip(head()) {
            file.write_all_at(&word.to_ne_bytes(), at * 8)?;
        }
        let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
        fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
        Ok(Page { file })
    }

    /// For the worker.
    pub fn handle(&self) -> io::Result<OwnedFd> {
        Ok(self.file.try_clone()?.into())
    }

    /// How many statements were made.
    pub fn count(&self) -> u64 {
        let mut bytes = [0; 8];
        // Its size is sealed: there are always so many bytes to be read.
        let read = self.file.read_exact_at(&mut bytes, COUNT as u64 * 8);
        read.map_or(0, |()| u64::from_ne_bytes(bytes))
    }

    /// The last statement that is whole, with its number.
    pub fn last(&self) -> Result<Option<(u64, Statement)>, Overwritten> {
        for _ in 0..TRIES {
            let before = self.count();
            fence(Ordering::SeqCst);
            let mut bytes = [0; WORDS * 8];
            if self.file.read_exact_at(&mut bytes, 0).is_err() {
                return Ok(None);
            }
            fence(Ordering::SeqCst);
            // The slot is written over only after another statement has been counted.
            if self.count() == before {
                return match look(&bytes) {
                    Look::Blank => Ok(None),
                    Look::Overwritten => Err(Overwritten),
                    Look::Said { count, statement } => Ok(Some((count, statement))),
                };
            }
        }
        Ok(None)
    }
}

/// The page is not as it was made: what else is in it means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overwritten;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_size_is_what_it_is_and_so_are_its_seals() {
        let page = Page::make().unwrap();
        let theirs = File::from(page.handle().unwrap());
        assert!(theirs.set_len(0).is_err());
        assert!(theirs.set_len(1 << 20).is_err());
        let more = FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_WRITE);
        assert!(fcntl(&theirs, more).is_err());
    }

    #[test]
    fn what_the_other_side_writes_is_read_and_what_it_breaks_is_noticed() {
        let page = Page::make().unwrap();
        assert_eq!(page.last(), Ok(None));
        let theirs = File::from(page.handle().unwrap());
        theirs.write_all_at(&41_u64.to_ne_bytes(), 17 * 8).unwrap();
        theirs.write_all_at(&1_u64.to_ne_bytes(), 2 * 8).unwrap();
        let (count, statement) = page.last().unwrap().unwrap();
        assert_eq!((count, statement.token), (1, Some(41)));
        theirs.write_all_at(&[0; 64], 0).unwrap();
        assert_eq!(page.last(), Err(Overwritten));
    }
}
