//! An exit code and nothing else.

/// Told apart at sight from the codes of shells, of signals and of crashpoint itself.
const CODE: i32 = 17;

pub fn commit() {
    std::process::exit(CODE);
}
