use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use crashpoint_reports::Class;

use super::*;
use crate::input::find;

fn names(found: Vec<PathBuf>) -> Vec<String> {
    let name = |path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    found.into_iter().map(name).collect()
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_folder_stands_for_its_images_in_natural_order() {
    let place = Place::new();
    for name in [
        "page10.png",
        "page2.PNG",
        "page1.jpeg",
        "page3.Jpg",
        "page20.webp",
        "notes.txt",
        "png",
        "._page1.png",
        "deeper/page4.png",
        "folder.png/page5.png",
    ] {
        place.write(name, "");
    }
    let found = find(&[place.0.path()]).unwrap();
    assert_eq!(
        names(found),
        [
            "page1.jpeg",
            "page2.PNG",
            "page3.Jpg",
            "page10.png",
            "page20.webp"
        ]
    );
}

#[test]
fn arguments_keep_their_order() {
    let place = Place::new();
    for name in ["b/page10.png", "b/page9.png", "a.png", "z.txt"] {
        place.write(name, "");
    }
    let args = ["z.txt", "b", "a.png", "z.txt"].map(|name| text(&place.path(name)));
    assert_eq!(
        names(find(&args).unwrap()),
        ["z.txt", "page9.png", "page10.png", "a.png", "z.txt"]
    );
}

#[test]
fn no_arguments_no_images() {
    assert!(find::<String>(&[]).unwrap().is_empty());
}

#[test]
fn a_pattern_stands_for_what_it_matches() {
    let place = Place::new();
    for name in [
        "page10.png",
        "page9.png",
        "page1.txt",
        ".page0.png",
        "x/page2.png",
    ] {
        place.write(name, "");
    }
    let matched = |pattern: &str| names(find(&[place.path(pattern)]).unwrap());
    assert_eq!(matched("page*.png"), ["page9.png", "page10.png"]);
    assert_eq!(
        matched("page[19]*"),
        ["page1.txt", "page9.png", "page10.png"]
    );
    assert_eq!(matched("*/page?.png"), ["page2.png"]);
    assert_eq!(matched("**/page2.png"), ["page2.png"]);
}

#[test]
fn a_file_with_brackets_in_its_name_is_that_file() {
    let place = Place::new();
    let path = place.write("page[1].png", "");
    assert_eq!(find(&[&path]).unwrap(), [path]);
}

#[test]
fn a_name_that_is_no_text_is_found() {
    let place = Place::new();
    let name = OsString::from_vec(b"page\xff.png".to_vec());
    let path = place.0.path().join(name);
    std::fs::write(&path, "").unwrap();
    assert_eq!(find(&[&path]).unwrap(), std::slice::from_ref(&path));
    assert_eq!(find(&[place.0.path()]).unwrap(), [path]);
}

#[test]
fn what_cannot_be_meant_is_an_error_of_its_own() {
    let place = Place::new();
    let file = place.write("page1.png", "");
    std::fs::create_dir(place.path("bare")).unwrap();
    let refused = |path: PathBuf| {
        let error = find(&[&file, &path]).unwrap_err();
        assert_eq!(error.class(), Class::InputBroken);
        error
    };

    let error = refused(place.path("gone.png"));
    assert!(matches!(error, InputError::Missing { .. }));
    assert_tells(&error, &["no such", "gone.png"]);

    let error = refused(place.path("page1.png/page2.png"));
    assert!(matches!(error, InputError::Missing { .. }), "{error}");

    let error = refused(place.path("*.webp"));
    assert!(matches!(error, InputError::NothingMatches { .. }));
    assert_tells(&error, &["*.webp", "matches no file"]);

    let error = refused(place.path("page[1.png"));
    assert!(matches!(error, InputError::BadPattern { .. }));
    assert_tells(&error, &["page[1.png", "malformed"]);

    let error = refused(place.path("bare"));
    assert!(matches!(error, InputError::EmptyFolder { .. }));
    assert_tells(&error, &["bare", "holds no PNG, JPEG or WebP"]);

    let error = refused(place.path("\u{1b}[31m\n*"));
    assert_tells(&error, &[r"\u{1b}[31m\n*"]);
    assert!(matches!(
        refused(PathBuf::new()),
        InputError::Missing { .. }
    ));
}
