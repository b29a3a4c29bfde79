use std::fs;

use crate::input::{find, open, shipped};

#[test]
fn shipped_pages_are_ordinary_files_that_open() {
    let pages = shipped().unwrap();
    assert_eq!(pages.len(), 8);
    let folder = pages[0].parent().unwrap();
    assert_eq!(find(&[folder]).unwrap(), pages);
    let mut digests = Vec::new();
    for page in &pages {
        let picture = open(page).unwrap();
        assert!(picture.width >= 1280 && picture.height >= 800, "{page:?}");
        digests.push(picture.sha256);
    }
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), 8);

    // As a power cut leaves a file that was just written.
    fs::write(&pages[2], "").unwrap();
    assert_eq!(shipped().unwrap(), pages);
    open(&pages[2]).unwrap();
}
