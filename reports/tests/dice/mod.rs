//! Randomness that comes out the same on every machine, and tests that are thrown many times.
// Each test file is a crate of its own and uses its part of this.
#![allow(dead_code)]

use std::panic::RefUnwindSafe;
use std::time::{Duration, Instant};

/// Marsaglia's xorshift.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// A fixed number of throws; `CRASHPOINT_FUZZ_SECONDS=600` goes on for so long, and
/// `CRASHPOINT_FUZZ_SEED` starts elsewhere. What fails prints its seed.
pub fn throw(times: u64, one: impl Fn(u64) + RefUnwindSafe) {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|it| it.parse::<u64>().ok())
    };
    let first = number("CRASHPOINT_FUZZ_SEED").unwrap_or(1);
    let until =
        number("CRASHPOINT_FUZZ_SECONDS").map(|it| Instant::now() + Duration::from_secs(it));
    let mut seed = first;
    loop {
        let more = until.map_or(seed < first + times, |until| Instant::now() < until);
        if !more {
            break;
        }
        if let Err(panic) = std::panic::catch_unwind(|| one(seed)) {
            eprintln!("CRASHPOINT_FUZZ_SEED={seed} brings it about");
            std::panic::resume_unwind(panic);
        }
        seed += 1;
    }
    println!("{} throws", seed - first);
}
