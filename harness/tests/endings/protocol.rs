//! It breaks the protocol, and is not listened to any more.

crate::faults! {
    garbage = Garbage,
    flood = Flood,
}
