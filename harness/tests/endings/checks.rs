//! A check of the program itself ends it.

crate::faults! {
    abort = Abort,
    cpp_assert = CppAssert,
    cpp_throw = CppThrow,
    panic = Panic,
}
