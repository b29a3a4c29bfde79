//! A loop that never ends.

use std::hint::{black_box, spin_loop};

pub fn commit() {
    while black_box(true) {
        spin_loop();
    }
}
