//! `crashpoint config`: what the options of a run are, and where each comes from.

use serde::Serialize;

use super::finish::print;
use crate::cli::RunOptions;
use crate::config::Profile;
use crate::exit_code;
use crate::failure::Failure;

/// As JSON: an interface.
#[derive(Serialize)]
struct Shown<'a> {
    file: Option<String>,
    profile: Option<&'a str>,
    options: Vec<Line<'a>>,
    profiles: &'a [Profile],
}

#[derive(Serialize)]
struct Line<'a> {
    option: &'a str,
    /// `null`: not set.
    value: Option<String>,
    from: String,
}

pub fn config(options: &RunOptions) -> Result<u8, Failure> {
    let in_force = &options.in_force;
    let lines = in_force.options.iter().map(|option| Line {
        option: &option.name,
        value: option.value.as_ref().map(|values| values.join(" ")),
        from: option.origin.to_string(),
    });
    let shown = Shown {
        file: in_force.file.as_ref().map(|it| it.display().to_string()),
        profile: options.configuration.profile.as_deref(),
        options: lines.collect(),
        profiles: &in_force.profiles,
    };
    let text = if options.common.json {
        let json = serde_json::to_string_pretty(&shown).map_err(Failure::harness)?;
        format!("{json}\n")
    } else {
        text(&shown)
    };
    print(&text)?;
    Ok(exit_code::OK)
}

fn text(shown: &Shown<'_>) -> String {
    let file = shown.file.as_deref().unwrap_or("none was found");
    let mut text = format!("file: {file}\n");
    text += &format!("profile: {}\n\n", shown.profile.unwrap_or("none"));
    let value = |line: &Line<'_>| line.value.clone().unwrap_or_else(|| "-".to_owned());
    let set = shown.options.iter();
    let widest = set.map(|line| value(line).chars().count()).max();
    let width = widest.unwrap_or(0).min(40);
    for line in &shown.options {
        let from = line.value.as_ref().map_or("", |_| &line.from);
        let row = format!("{:<22} {:<width$}  {from}", line.option, value(line));
        text += &format!("{}\n", row.trim_end());
    }
    text += "\nprofiles:\n";
    for profile in shown.profiles {
        let about = profile.about.as_deref().unwrap_or_default();
        let row = format!("  {:<12} {about} ({})", profile.name, profile.from);
        text += &format!("{row}\n");
    }
    text
}
