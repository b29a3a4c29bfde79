//! What is known, as data: no rule reads its facts from anywhere else.

mod xid;

pub use xid::{Layer, Lost, Xid, xid, xids};
