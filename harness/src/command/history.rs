//! `crashpoint history`: the headline figures of every run in a folder.

use crashpoint_reports::history::History;
use crashpoint_reports::render::history as render;

use super::finish::print;
use crate::cli::{HistoryFormat, HistoryOptions};
use crate::exit_code;
use crate::failure::Failure;
use crate::reports_at;
use crate::run_directory::write_whole_for;

/// The collector runs as somebody else.
const READABLE: u32 = 0o644;

pub fn history(options: &HistoryOptions) -> Result<u8, Failure> {
    let reports = reports_at::all_that_can_be_read(&options.folder)?;
    let history = History::of(&reports);
    if let Some(path) = &options.prometheus
        && let Some(newest) = history.runs.last()
    {
        write_whole_for(path, render::prometheus(newest).as_bytes(), READABLE)
            .map_err(|error| Failure::write(path, &error))?;
    }
    let format = if options.json {
        HistoryFormat::Json
    } else {
        options.format
    };
    print(&match format {
        HistoryFormat::Text => render::text(&history),
        HistoryFormat::Json => render::json(&history),
        HistoryFormat::Html => render::html(&history),
    })?;
    Ok(exit_code::OK)
}
