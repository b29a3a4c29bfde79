//! The worker's side of the page that outlives it.
//!
//! `unsafe`, because memory that another process maps too is nobody's to borrow: it is looked at
//! through atomics alone, which is what two processes may do to the same word at once.
#![allow(unsafe_code)]

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use crashpoint_reports::page::{BYTES, COUNT, FD_VARIABLE, SLOT_WORDS, Slot, WORDS, head, slot_of};
use memmap2::{MmapOptions, MmapRaw};
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use thiserror::Error;

use super::inherited::{InheritedError, inherit};

#[derive(Debug, Error)]
pub enum PageError {
    #[error("{FD_VARIABLE} is of no use: {0}")]
    Inherited(#[from] InheritedError),
    #[error("the file of {FD_VARIABLE} cannot be mapped: {0}")]
    Map(#[from] std::io::Error),
    #[error(
        "the file of {FD_VARIABLE} is no page of this version, or could shrink: it is not written to"
    )]
    Other,
}

/// Maps it, and writes to it without a system call.
#[derive(Debug)]
pub struct Page {
    map: MmapRaw,
    /// Statements made so far.
    count: u64,
}

impl Page {
    /// `None` where the supervisor gives none. Call it once: it takes the file over.
    pub fn from_environment() -> Result<Option<Page>, PageError> {
        match std::env::var(FD_VARIABLE) {
            Ok(number) => Ok(Some(Page::of(&File::from(inherit(&number)?))?)),
            Err(_) => Ok(None),
        }
    }

    /// Of a file that cannot become smaller: behind its end there would be a fatal signal.
    pub fn of(file: &File) -> Result<Page, PageError> {
        let seals = fcntl(file, FcntlArg::F_GET_SEALS).map_err(std::io::Error::from)?;
        let keeps_its_size = SealFlag::from_bits_truncate(seals).contains(SealFlag::F_SEAL_SHRINK);
        if !keeps_its_size || file.metadata()?.len() < BYTES as u64 {
            return Err(PageError::Other);
        }
        let map = MmapOptions::new().len(BYTES).map_raw(file)?;
        let page = Page { map, count: 0 };
        let begins = page.words().iter().map(|word| word.load(Ordering::Relaxed));
        if !begins.take(COUNT).eq(head()) {
            return Err(PageError::Other);
        }
        Ok(page)
    }

    /// Whoever is killed in the middle of it has said what it said before.
    pub fn say(&mut self, slot: &Slot) {
        let count = self.count.wrapping_add(1);
        let words = self.words();
        // The last statement is counted before the one before it is written over, and the new one
        // is written before it is counted.
        fence(Ordering::Release);
        let free = words.iter().skip(slot_of(count)).take(SLOT_WORDS);
        for (word, &value) in free.zip(slot.words()) {
            word.store(value, Ordering::Relaxed);
        }
        if let Some(counter) = words.get(COUNT) {
            counter.store(count, Ordering::Release);
        }
        self.count = count;
    }

    fn words(&self) -> &[AtomicU64; WORDS] {
        const { assert!(WORDS * size_of::<AtomicU64>() <= BYTES) };
        // SAFETY: the mapping is BYTES long, begins at a page, and lives as long as `self`; its file
        // cannot shrink. Every bit pattern is a number, and this process gets at it in no other way.
        unsafe { &*self.map.as_mut_ptr().cast() }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use crashpoint_reports::page::{Look, look};
    use nix::sys::memfd::{MFdFlags, memfd_create};

    use super::*;

    fn file(bytes: u64, seals: SealFlag) -> File {
        let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
        let file = File::from(memfd_create("page", flags).unwrap());
        file.set_len(bytes).unwrap();
        for (at, word) in (0..).zip(head()) {
            file.write_all_at(&word.to_ne_bytes(), at * 8).unwrap();
        }
        fcntl(&file, FcntlArg::F_ADD_SEALS(seals)).unwrap();
        file
    }

    #[test]
    fn what_was_said_last_is_in_the_file_when_the_mapping_is_gone() {
        let file = file(BYTES as u64, SealFlag::F_SEAL_SHRINK);
        let mut page = Page::of(&file).unwrap();
        for n in 1..=5 {
            let mut slot = Slot::of(3);
            slot.set_token(n);
            page.say(&slot);
        }
        drop(page);
        let mut bytes = [0; WORDS * 8];
        file.read_exact_at(&mut bytes, 0).unwrap();
        let Look::Said { count, statement } = look(&bytes) else {
            panic!("nothing was said");
        };
        assert_eq!((count, statement.marker, statement.token), (5, 3, Some(5)));
    }

    #[test]
    fn a_file_that_is_no_page_is_left_alone() {
        let small = file(64, SealFlag::F_SEAL_SHRINK);
        assert!(matches!(Page::of(&small), Err(PageError::Other)));
        let could_shrink = file(BYTES as u64, SealFlag::empty());
        assert!(matches!(Page::of(&could_shrink), Err(PageError::Other)));
        let other = file(BYTES as u64, SealFlag::F_SEAL_SHRINK);
        other.write_all_at(b"something else", 0).unwrap();
        assert!(matches!(Page::of(&other), Err(PageError::Other)));
    }
}
