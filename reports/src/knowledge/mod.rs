//! What is known, as data: no rule reads its facts from anywhere else.

mod message;
mod xid;

pub use message::{Message, Parser, Role, message, messages};
pub use xid::{Layer, Lost, Xid, xid, xids};
