//! Everything that can be wrong with an image or with the way it was asked for: one sentence
//! each, safe to print whatever the file is called.

use std::io;
use std::path::PathBuf;

use crashpoint_reports::Class;

use super::file::MAX_FILE_BYTES;
use super::picture::{MAX_PIXELS, MAX_SIDE};

/// Paths are printed quoted and escaped: a name may hold anything but a slash and a zero.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    #[error("no such image file or folder: {path:?}; check the path")]
    Missing { path: PathBuf },

    #[error("the pattern {pattern:?} matches no file; quote it, and check it with ls")]
    NothingMatches { pattern: String },

    #[error(
        "the pattern {pattern:?} is malformed at character {at}: {reason}; mend it or name the files"
    )]
    BadPattern {
        pattern: String,
        at: usize,
        reason: &'static str,
    },

    /// Zero images, though everything could be read.
    #[error("the folder {path:?} holds no PNG, JPEG or WebP file; add some or name another folder")]
    EmptyFolder { path: PathBuf },

    #[error("failed to read {path:?}: {source}; {}", remedy(.source))]
    Unreadable { path: PathBuf, source: io::Error },

    #[error("{path:?} is {kind}, not an image file; name a PNG, JPEG or WebP file")]
    NotAFile { path: PathBuf, kind: &'static str },

    #[error("{path:?} is empty (0 bytes); save or copy the image again")]
    Empty { path: PathBuf },

    #[error(
        "{path:?} has {bytes} bytes, more than the {MAX_FILE_BYTES} that are accepted; save it smaller"
    )]
    FileTooLarge { path: PathBuf, bytes: u64 },

    #[error(
        "{path:?} is {width} x {height} pixels, more than the {MAX_SIDE} a side or {MAX_PIXELS} in all that are accepted; scale it down"
    )]
    TooManyPixels {
        path: PathBuf,
        width: u32,
        height: u32,
    },

    #[error(
        "decoding {path:?} would take more than the {limit} bytes of memory that are allowed; scale it down or save it as 8-bit RGB"
    )]
    TooMuchMemory { path: PathBuf, limit: u64 },

    #[error("{path:?} is not an image; name a PNG, JPEG or WebP file")]
    NotAnImage { path: PathBuf },

    #[error(
        "{path:?} is an image of an unsupported kind ({kind}); convert it to PNG, JPEG or WebP"
    )]
    Unsupported { path: PathBuf, kind: String },

    #[error("{path:?} is truncated: the {format} data ends too soon; save or copy the image again")]
    Truncated { path: PathBuf, format: &'static str },

    #[error("{path:?} is corrupt ({reason}); save or copy the image again")]
    Corrupt { path: PathBuf, reason: String },
}

impl InputError {
    /// The verdict's class for an image that failed with this.
    pub fn class(&self) -> Class {
        match self {
            InputError::Unreadable { source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                Class::PermissionDenied
            }
            _ => Class::InputBroken,
        }
    }
}

fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied => "give this user the right to read it",
        _ => "check the path and the disk",
    }
}
