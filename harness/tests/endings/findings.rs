//! It survives, and something is wrong all the same.

crate::faults! {
    memory_leak = MemoryLeak,
    slow_drift = SlowDrift,
    wrong_output = WrongOutput,
    orphan = Orphan,
}
