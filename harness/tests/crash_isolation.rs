//! `cargo test -p crashpoint --test crash_isolation`: the suite, with the executable of this build.
#![allow(clippy::expect_used, reason = "a test may panic")]

use std::path::PathBuf;
use std::process::ExitCode;

use crashpoint::suite::Suite;

fn main() -> ExitCode {
    let arguments = libtest_mimic::Arguments::from_args();
    let out = tempfile::tempdir().expect("a folder for the records");
    let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cache");
    let suite = Suite {
        crashpoint: env!("CARGO_BIN_EXE_crashpoint").into(),
        out: out.path().to_owned(),
        cache: Some(cache),
        worker: None,
        device: "cpu".to_owned(),
    };
    suite.run(&arguments).exit_code()
}
