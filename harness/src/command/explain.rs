//! `crashpoint explain`: what a class, an Xid, a signal or an exit code means.

use crashpoint_reports::{Class, explain as reports, render};

use super::finish::{colored, columns, print};
use crate::cli::ExplainOptions;
use crate::exit_code;
use crate::failure::Failure;

pub fn explain(options: &ExplainOptions) -> Result<u8, Failure> {
    let found = if options.what.is_empty() {
        Vec::new()
    } else {
        reports::named(&options.what.join(" ")).map_err(Failure::usage)?
    };
    let color = colored(options.color);
    print(&match (options.json, options.what.is_empty()) {
        (true, true) => {
            let classes = Class::ALL.iter().copied();
            let all: Vec<_> = classes.map(reports::Explanation::class).collect();
            render::explanations_json(&all)
        }
        (true, false) => render::explanations_json(&found),
        (false, true) => render::explanation_list(columns(), color),
        (false, false) => render::explanations(&found, columns(), color),
    })?;
    Ok(exit_code::OK)
}
