//! `crashpoint completions` and `crashpoint man`: both made from the definition of the command line, so
//! that neither can differ from it.

use std::fs;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::finish::print;
use crate::cli::{Cli, CompletionsOptions, ManOptions};
use crate::exit_code;
use crate::failure::Failure;

const NAME: &str = "crashpoint";

pub fn completions(options: &CompletionsOptions) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), NAME, &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(exit_code::OK)
}

/// One page for each command that is not hidden: `crashpoint-runs-prune.1`.
pub fn man(options: &ManOptions) -> Result<u8, Failure> {
    let failed = |error: std::io::Error| Failure::write(&options.folder, &error);
    fs::create_dir_all(&options.folder).map_err(failed)?;
    let mut command = Cli::command();
    command.build();
    page(&command, NAME, options).map_err(failed)?;
    Ok(exit_code::OK)
}

fn page(command: &Command, name: &str, options: &ManOptions) -> std::io::Result<()> {
    for inner in command.get_subcommands() {
        if !inner.is_hide_set() && inner.get_name() != "help" {
            page(inner, &format!("{name}-{}", inner.get_name()), options)?;
        }
    }
    let mut text = Vec::new();
    Man::new(command.clone()).title(name).render(&mut text)?;
    fs::write(options.folder.join(format!("{name}.1")), text)
}
