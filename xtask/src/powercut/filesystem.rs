//! The file systems that the record is tried on.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use clap::ValueEnum;
use serde::Serialize;

use super::tool;
use crate::Outcome;

/// The smallest that all of them can be made on: XFS wants 300 MB.
const BYTES: u64 = 320 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Filesystem {
    Ext4,
    Xfs,
    Btrfs,
}

impl Filesystem {
    /// As `mount` knows it; the kernel's module has the same name.
    pub fn name(self) -> &'static str {
        match self {
            Filesystem::Ext4 => "ext4",
            Filesystem::Xfs => "xfs",
            Filesystem::Btrfs => "btrfs",
        }
    }

    /// The program that makes one, and the package that has it.
    pub fn maker(self) -> (&'static str, &'static str) {
        match self {
            Filesystem::Ext4 => ("mkfs.ext4", "e2fsprogs"),
            Filesystem::Xfs => ("mkfs.xfs", "xfsprogs"),
            Filesystem::Btrfs => ("mkfs.btrfs", "btrfs-progs"),
        }
    }

    /// Makes a fresh one in a file.
    pub fn make(self, image: &Path) -> Outcome {
        File::create(image)?.set_len(BYTES)?;
        let quiet = match self {
            Filesystem::Ext4 => ["-q", "-F"].as_slice(),
            Filesystem::Xfs => &["-q", "-f"],
            Filesystem::Btrfs => &["-q", "-f"],
        };
        tool::run(Command::new(self.maker().0).args(quiet).arg(image))
    }
}
