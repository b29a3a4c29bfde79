//! `crashpoint suite`: the crash-isolation suite, with libtest's own options.

use crate::cli::SuiteOptions;
use crate::executable::this_executable;
use crate::exit_code;
use crate::failure::Failure;
use crate::runs_on;
use crate::suite::Suite;

pub fn suite(options: &SuiteOptions) -> Result<u8, Failure> {
    let crashpoint = this_executable()
        .map_err(|error| Failure::harness(format!("failed to find its own executable: {error}")))?;
    let runs_on = runs_on::decide(&options.device, options.worker.as_deref())?;
    let suite = Suite {
        crashpoint,
        out: options.out.join("suite"),
        cache: None,
        worker: options.worker.clone(),
        device: runs_on.device.clone(),
    };
    let conclusion = suite.run(&options.libtest);
    let ran = conclusion.num_passed + conclusion.num_failed;
    Ok(if conclusion.has_failed() {
        exit_code::FOUND
    } else if ran == 0 && !options.libtest.list {
        exit_code::NOTHING_RAN
    } else {
        exit_code::OK
    })
}
