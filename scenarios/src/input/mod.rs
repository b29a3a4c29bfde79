//! The images of a run: finding, ordering and decoding them.
//!
//! Finding ([`find`], [`shipped`]) happens once, before a run, and says at once what cannot be
//! meant. Decoding ([`open`]) happens in a worker, image by image: whatever is wrong with one
//! file fails that image alone.

mod error;
mod file;
mod find;
mod natural_order;
mod picture;
mod rgb;
mod shipped;
#[cfg(test)]
mod tests;
mod whole;

pub use error::InputError;
pub use file::{MAX_FILE_BYTES, sha256_of};
pub use find::find;
pub use picture::{MAX_PIXELS, MAX_SIDE, Picture, open};
pub use shipped::shipped;
