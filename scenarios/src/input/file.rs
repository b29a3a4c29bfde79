//! Opening a file that somebody named, without ever blocking on it, and without reading more
//! than a bound.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use nix::libc;
use sha2::{Digest, Sha256};

use super::InputError;

/// The largest image file that is read.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// The SHA-256 of a file's bytes in lower-case hexadecimal, read in pieces.
///
/// Anything but a regular file is refused, as its end may never come.
pub fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = open_regular(path)?.map_err(|kind| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{kind}, not a regular file"),
        )
    })?;
    let mut hasher = Sha256::new();
    io::copy(&mut file, &mut hasher)?;
    Ok(format!("{:x}", hasher.finalize()))
}

/// All of a file's bytes, at least one and at most [`MAX_FILE_BYTES`].
pub(super) fn read_bounded(path: &Path) -> Result<Vec<u8>, InputError> {
    let unreadable = |source| InputError::of_io(path, source);
    let file = open_regular(path)
        .map_err(unreadable)?
        .map_err(|kind| InputError::NotAFile {
            path: path.into(),
            kind,
        })?;
    let size = file.metadata().map_err(unreadable)?.len();
    if size > MAX_FILE_BYTES {
        return Err(InputError::FileTooLarge {
            path: path.into(),
            bytes: size,
        });
    }
    let mut bytes = Vec::new();
    // The file may grow while it is read.
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    match bytes.len() as u64 {
        0 => Err(InputError::Empty { path: path.into() }),
        read if read > MAX_FILE_BYTES => Err(InputError::FileTooLarge {
            path: path.into(),
            bytes: read,
        }),
        _ => Ok(bytes),
    }
}

/// Opens a regular file; the inner error names what is there instead.
fn open_regular(path: &Path) -> io::Result<Result<File, &'static str>> {
    // Looked at before it is opened, since opening alone can do things to a device; and
    // opened without waiting and looked at again, since a FIFO may have taken its place.
    if let Some(kind) = irregular(fs::metadata(path)?.file_type()) {
        return Ok(Err(kind));
    }
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    Ok(match irregular(file.metadata()?.file_type()) {
        Some(kind) => Err(kind),
        None => Ok(file),
    })
}

fn irregular(found: FileType) -> Option<&'static str> {
    match found {
        found if found.is_file() => None,
        found if found.is_dir() => Some("a folder"),
        found if found.is_fifo() => Some("a named pipe"),
        found if found.is_socket() => Some("a socket"),
        _ => Some("a device"),
    }
}
