//! The memory of the crashed process, read from outside: a wrong address is an answer, not a fault.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

pub struct Memory(File);

impl Memory {
    pub fn of(pid: i32) -> io::Result<Memory> {
        File::open(format!("/proc/{pid}/mem")).map(Memory)
    }

    pub fn word(&self, address: u64) -> Option<u64> {
        let mut word = [0; 8];
        self.0.read_exact_at(&mut word, address).ok()?;
        Some(u64::from_ne_bytes(word))
    }

    /// Up to so many bytes, as far as they are there.
    pub fn bytes(&self, address: u64, most: usize) -> Vec<u8> {
        let mut bytes = vec![0; most];
        let read = self.0.read_at(&mut bytes, address).unwrap_or_default();
        bytes.truncate(read);
        bytes
    }
}
