use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;

use crashpoint_reports::Class;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::*;
use crate::input::{MAX_FILE_BYTES, open, sha256_of};

const FORMATS: [(ImageFormat, &str); 3] = [
    (ImageFormat::Png, "PNG"),
    (ImageFormat::Jpeg, "JPEG"),
    (ImageFormat::WebP, "WebP"),
];

fn refusal(path: &Path) -> InputError {
    let error = open(path).expect_err("nothing usable is there");
    assert_eq!(error.class(), Class::InputBroken);
    error
}

#[test]
fn missing() {
    let error = refusal(&Place::new().path("gone.png"));
    assert!(matches!(error, InputError::Missing { .. }));
    assert_tells(&error, &["gone.png", "check the path"]);
}

#[test]
fn empty() {
    let place = Place::new();
    let error = refusal(&place.write("empty.png", ""));
    assert!(matches!(error, InputError::Empty { .. }));
    assert_tells(&error, &["empty.png", "0 bytes"]);
}

#[test]
fn not_an_image_whatever_it_is_called() {
    let place = Place::new();
    let error = refusal(&place.write("notes.png", "Dear diary, this is no picture at all.\n"));
    assert!(matches!(error, InputError::NotAnImage { .. }));
    assert_tells(&error, &["notes.png", "not an image"]);
}

#[test]
fn an_image_of_another_kind() {
    let place = Place::new();
    let error = refusal(&place.write("moving.png", b"GIF89a\x01\0\x01\0\0\0\0;"));
    assert!(matches!(error, InputError::Unsupported { .. }));
    assert_tells(&error, &["moving.png", "image/gif", "convert it"]);
}

#[test]
fn truncated_anywhere() {
    let place = Place::new();
    for (format, name) in FORMATS {
        let whole = encoded(&busy(40, 30), format);
        open(&place.write("whole", &whole)).expect("the whole file is fine");
        // A PNG's last twelve bytes carry nothing, and no viewer misses them.
        let last = if format == ImageFormat::Png {
            whole.len() - 12
        } else {
            whole.len()
        };
        for length in 1..last {
            let error = refusal(&place.write("cut", &whole[..length]));
            let early = matches!(error, InputError::NotAnImage { .. }) && length < 16;
            let told = matches!(error, InputError::Truncated { .. });
            assert!(
                early || told,
                "{name} cut to {length} of {}: {error}",
                whole.len()
            );
        }
    }
}

#[test]
fn a_jpeg_with_a_whole_thumbnail_inside_is_still_truncated() {
    let place = Place::new();
    let [whole, thumbnail] =
        [busy(64, 48), busy(8, 8)].map(|image| encoded(&image, ImageFormat::Jpeg));
    let length = u16::try_from(thumbnail.len() + 2).unwrap().to_be_bytes();
    let embedded = [&whole[..2], &[0xff, 0xe1], &length, &thumbnail, &whole[2..]].concat();
    open(&place.write("camera.jpg", &embedded)).unwrap();
    let error = refusal(&place.write("cut.jpg", &embedded[..embedded.len() - 100]));
    assert!(matches!(error, InputError::Truncated { .. }), "{error}");
}

#[test]
fn corrupt() {
    let place = Place::new();
    let mut png = encoded(&busy(40, 30), ImageFormat::Png);
    let middle = png.len() / 2;
    png[middle] ^= 0xff;
    let error = refusal(&place.write("flipped.png", png));
    assert!(matches!(error, InputError::Corrupt { .. }), "{error}");
    assert_tells(&error, &["flipped.png", "corrupt"]);
}

#[test]
fn any_damage_ends_in_a_picture_or_a_sentence() {
    let place = Place::new();
    for (format, _) in FORMATS {
        let whole = encoded(&busy(24, 18), format);
        for round in 0..400_usize {
            let mut bytes = whole.clone();
            for hit in 0..=round % 4 {
                let at = (round * 7919 + hit * 104_729) % bytes.len();
                bytes[at] = bytes[at].wrapping_add((round * 31 + hit) as u8 | 1);
            }
            if let Err(error) = open(&place.write("damaged", bytes)) {
                assert_tells(&error, &["damaged"]);
            }
        }
    }
}

#[test]
fn twenty_thousand_pixels_wide() {
    let place = Place::new();
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let wide = DynamicImage::new_rgb8(20_000, 4);
        let error = refusal(&place.write("wide", encoded(&wide, format)));
        assert!(matches!(error, InputError::TooManyPixels { .. }), "{error}");
        assert_tells(&error, &["wide", "20000 x 4", "16384", "scale it down"]);
    }
}

#[test]
fn a_small_file_that_claims_to_be_huge_is_refused_before_decoding() {
    let place = Place::new();
    let mut bomb = encoded(&busy(16, 16), ImageFormat::Jpeg);
    let frame = bomb
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .unwrap();
    // Height and width stand five bytes into the frame's header.
    bomb[frame + 5..frame + 9].copy_from_slice(&[0x3f, 0xff, 0x3f, 0xff]);
    let error = refusal(&place.write("bomb.jpg", bomb));
    assert!(
        matches!(error, InputError::TooManyPixels { width: 16_383, .. }),
        "{error}"
    );
}

#[test]
fn a_file_beyond_the_bound_is_not_read() {
    let place = Place::new();
    let path = place.write("vast.png", "");
    // Sparse: it takes no room on the disk.
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(MAX_FILE_BYTES + 1)
        .unwrap();
    let error = refusal(&path);
    assert!(matches!(error, InputError::FileTooLarge { .. }));
    assert_tells(&error, &["vast.png", "268435457", "268435456"]);
}

#[test]
fn what_is_no_file_is_refused_and_never_waited_for() {
    let place = Place::new();
    let pipe = place.path("pipe.png");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let socket = place.path("socket.png");
    let _listener = UnixListener::bind(&socket).unwrap();
    let folder = place.0.path().to_owned();
    let device = PathBuf::from("/dev/zero");
    for (path, kind) in [
        (&pipe, "a named pipe"),
        (&socket, "a socket"),
        (&folder, "a folder"),
        (&device, "a device"),
    ] {
        let error = refusal(path);
        assert!(matches!(error, InputError::NotAFile { .. }), "{error}");
        assert_tells(&error, &[kind]);
        assert!(sha256_of(path).unwrap_err().to_string().contains(kind));
    }
}

#[test]
fn a_file_whose_bytes_cannot_be_had() {
    // Its first page is not mapped: reading it is an I/O error, for root too.
    let error = refusal(Path::new("/proc/self/mem"));
    assert!(matches!(error, InputError::Unreadable { .. }), "{error}");
    assert_tells(&error, &["/proc/self/mem", "check the path and the disk"]);
}

#[test]
fn a_hostile_name_is_escaped() {
    let place = Place::new();
    let path = place.write("\u{1b}[2Jpage\n\u{202e}gnp.png", "");
    let error = refusal(&path);
    assert_tells(&error, &[r"\u{1b}[2Jpage\n\u{202e}gnp.png"]);
}
