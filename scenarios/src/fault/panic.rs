//! Exit code 101, by a panic of the main thread.

use std::hint::black_box;

pub fn commit() {
    let heads = black_box(12);
    let groups = black_box(5);
    assert!(
        heads % groups == 0,
        "{heads} heads do not go into {groups} groups"
    );
}
