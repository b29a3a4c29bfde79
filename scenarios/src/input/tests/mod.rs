//! Every kind of input that a user, a disk or an adversary may hand over.

mod broken;
mod finding;
mod forbidden;
mod pixels;
mod shipping;

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use tempfile::TempDir;

use super::InputError;

/// A folder of its own for each test.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// A picture with enough going on in it that its file cannot shrink to a header.
fn busy(width: u32, height: u32) -> DynamicImage {
    let pixel = |x: u32, y: u32| {
        let h =
            (x.wrapping_mul(73_856_093) ^ y.wrapping_mul(19_349_663)).wrapping_mul(2_654_435_761);
        Rgb([(h >> 24) as u8, (h >> 16) as u8, (x * 3 + y) as u8])
    };
    RgbImage::from_fn(width, height, pixel).into()
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// One sentence on one line, with what to do, that names the file and lets nothing of the
/// file's through to a terminal.
fn assert_tells(error: &InputError, parts: &[&str]) {
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
    assert!(!message.contains(char::is_control), "{message:?}");
    assert!(
        message.contains("; "),
        "{message:?} does not say what to do"
    );
}
