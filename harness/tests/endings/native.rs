//! Signals that a fault of native code brings.

crate::faults! {
    segfault = Segfault,
    null_call = NullCall,
    bus_error = BusError,
    illegal_instruction = IllegalInstruction,
    divide_by_zero = DivideByZero,
    double_free = DoubleFree,
    stack_overflow = StackOverflow,
    thread_stack_overflow = ThreadStackOverflow,
    crash_at_exit = CrashAtExit,
}
