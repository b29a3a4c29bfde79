//! It never comes back, and is ended at its time limit.

crate::faults! {
    hang = Hang,
    busy_hang = BusyHang,
    deadlock = Deadlock,
    stop_self = StopSelf,
}
