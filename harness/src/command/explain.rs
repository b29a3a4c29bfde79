//! `crashpoint explain`: what a class, an Xid, a signal, an exit code or a rule of `lint` means.

use crashpoint_reports::knowledge::mistake;
use crashpoint_reports::{Class, explain as reports, render};

use super::finish::{colored, columns, print};
use super::lint;
use crate::cli::ExplainOptions;
use crate::exit_code;
use crate::failure::Failure;

pub fn explain(options: &ExplainOptions) -> Result<u8, Failure> {
    if let [rule] = &options.what[..]
        && mistake(rule).is_some()
    {
        return lint::explain(rule, options.json, options.color);
    }
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
