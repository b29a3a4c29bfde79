//! `crashpoint runs list`.

use bytesize::ByteSize;
use crashpoint_reports::Report;
use serde::Serialize;

use super::found::{self, Found, State};
use crate::cli::ListOptions;
use crate::command::finish::print;
use crate::exit_code;
use crate::failure::Failure;
use crate::reports_at;

#[derive(Debug, Serialize)]
struct Line {
    #[serde(flatten)]
    found: Found,
    /// `null` where there is no report yet.
    headline: Option<String>,
}

pub fn list(options: &ListOptions) -> Result<u8, Failure> {
    let lines: Vec<Line> = found::all(&options.out)?
        .into_iter()
        .map(|found| Line {
            // Only what is made already: the journals of many runs are long.
            headline: reports_at::one(&found.path.join("report.json"))
                .ok()
                .map(|report: Report| report.summary.headline),
            found,
        })
        .collect();
    if options.json {
        let text = serde_json::to_string_pretty(&lines).map_err(Failure::harness)?;
        print(&(text + "\n"))?;
    } else {
        print(&table(&lines))?;
    }
    Ok(exit_code::OK)
}

fn table(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        let what = match (&line.headline, line.found.state) {
            (Some(headline), _) => headline.as_str(),
            (None, State::Running) => "crashpoint runs attach follows it",
            (None, _) => "crashpoint recover says what ended it",
        };
        text += &format!(
            "{:<27}  {:<10}  {:>10}  {}\n",
            line.found.run,
            line.found.state.name(),
            ByteSize::b(line.found.bytes).to_string(),
            crashpoint_reports::render::plain_line(what),
        );
    }
    let whole: u64 = lines.iter().map(|line| line.found.bytes).sum();
    text += &format!("{} in all, {}\n", lines.len(), ByteSize::b(whole));
    text
}
