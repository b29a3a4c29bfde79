//! `crashpoint runs`: what lies in the folder of runs.

mod attach;
mod bundle;
mod found;
mod list;
mod prune;

use crate::cli::{RunsAction, RunsOptions};
use crate::failure::Failure;

pub fn runs(options: &RunsOptions) -> Result<u8, Failure> {
    match &options.action {
        None => list::list(&options.list),
        Some(RunsAction::List(options)) => list::list(options),
        Some(RunsAction::Prune(options)) => prune::prune(options),
        Some(RunsAction::Attach(options)) => attach::attach(options),
        Some(RunsAction::Bundle(options)) => bundle::bundle(options),
    }
}
