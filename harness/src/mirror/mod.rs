//! The other machine's side of `--mirror`.

mod receive;
mod store;

pub use receive::serve;
pub use store::Store;
