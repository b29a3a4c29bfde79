//! `crashpoint doctor`: is this machine fit, and what would be lost if it reset now.

use crashpoint_probes::checkup::checkup;
use crashpoint_probes::gpu;
use crashpoint_reports::render;

use super::finish::{colored, columns, print};
use crate::cli::DoctorOptions;
use crate::executable::this_executable;
use crate::exit_code;
use crate::failure::Failure;

pub fn doctor(options: &DoctorOptions) -> Result<u8, Failure> {
    let executable = this_executable()
        .map_err(|error| Failure::harness(format!("failed to find its own executable: {error}")))?;
    let probe = gpu::Command {
        program: executable,
        args: vec!["probe".into()],
    };
    let checkup = checkup(&options.out, probe, options.psu);
    print(&if options.json {
        render::checkup_json(&checkup)
    } else {
        render::checkup(&checkup, columns(), colored(options.color))
    })?;
    Ok(if checkup.fit {
        exit_code::OK
    } else {
        exit_code::UNFIT
    })
}
