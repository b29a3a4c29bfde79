//! What is known, as data: no rule reads its facts from anywhere else.

pub mod bits_and_bytes;
mod class;
mod ending;
mod message;
mod mistake;
mod xid;

pub use class::{ClassFacts, action, class};
pub use ending::{EndingFacts, exit_code, signal};
pub use message::{Message, Parser, Role, message, messages};
pub use mistake::{Mistake, Topic, mistake, mistakes};
pub use xid::{Layer, Lost, Xid, xid, xids};
