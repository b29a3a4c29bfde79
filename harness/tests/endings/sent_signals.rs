//! Signals that somebody sends.

crate::faults! {
    kill_self = KillSelf,
    term_self = TermSelf,
}
