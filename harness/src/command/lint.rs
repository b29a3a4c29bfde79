//! `crashpoint lint`: the mistakes that look like crashes, before a GPU is touched.

use std::path::{Path, PathBuf};

use crashpoint_lint::Machine;
use crashpoint_lint::files::{self, Unread};
use crashpoint_reports::knowledge::{Mistake, mistake, mistakes};
use crashpoint_reports::lint::{Lint, SCHEMA, Severity};
use crashpoint_reports::render;
use crashpoint_scenarios::preflight;

use super::finish::{colored, columns, print};
use crate::cli::{ColorChoice, LintFormat, LintOptions, LintTable};
use crate::config::file::File;
use crate::config::nearest::did_you_mean;
use crate::exit_code;
use crate::failure::Failure;

pub fn lint(options: &LintOptions) -> Result<u8, Failure> {
    let json = options.json || options.format == LintFormat::Json;
    if let Some(rule) = &options.explain {
        return explain(rule, json, options.color);
    }
    if options.rules {
        return list(json, options.color);
    }
    let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let (table, root) = match File::find(&folder)? {
        Some(file) => {
            let root = file.path.parent().unwrap_or(&folder).to_owned();
            (file.table::<LintTable>("lint")?.unwrap_or_default(), root)
        }
        None => (LintTable::default(), folder),
    };
    let disabled: Vec<&String> = table.disable.iter().chain(&options.disable).collect();
    for rule in disabled.iter().copied().chain(table.severity.keys()) {
        known(rule)?;
    }
    let exclude: Vec<String> = table
        .exclude
        .iter()
        .chain(&options.exclude)
        .cloned()
        .collect();
    let machine = Machine {
        gpu_memory: options
            .gpu_memory
            .or(table.gpu_memory)
            .map(|it| it.as_u64()),
    };
    let looked = files::look(&options.paths, &root, &exclude, &machine).map_err(|error| {
        Failure::usage(format!("a pattern of --exclude cannot be read: {error}"))
    })?;
    could_all_be_read(&looked.unread)?;
    let mut findings = looked.findings;
    let models = looked.folders.iter().filter(|it| preflight::is_model(it));
    for model in models.clone() {
        findings.extend(preflight::lint(model, machine.gpu_memory));
    }
    findings.retain(|it| !disabled.contains(&&it.rule));
    for finding in &mut findings {
        if let Some(severity) = table.severity.get(&finding.rule) {
            finding.severity = *severity;
        }
    }
    let lint = Lint {
        schema: SCHEMA.to_owned(),
        findings,
    };
    print(&match options.format {
        _ if json => render::lint_json(&lint),
        LintFormat::Sarif => render::sarif(&lint),
        _ => render::lint(
            &lint,
            looked.files + models.count(),
            columns(),
            colored(options.color),
        ),
    })?;
    Ok(code(&lint))
}

/// Notes are nothing that has to be mended.
fn code(lint: &Lint) -> u8 {
    if lint.findings.iter().any(|it| it.severity != Severity::Note) {
        exit_code::FOUND
    } else {
        exit_code::OK
    }
}

/// What was named has to be read; of what a folder holds it is only said.
fn could_all_be_read(unread: &[Unread]) -> Result<(), Failure> {
    let told = |it: &Unread| format!("failed to read {}: {}", shown(&it.path), it.why);
    if let Some(named) = unread.iter().find(|it| it.named) {
        return Err(Failure::usage(told(named)));
    }
    for it in unread {
        eprintln!("crashpoint: {}", told(it));
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    render::plain_line(&path.display().to_string())
}

pub fn explain(rule: &str, json: bool, color: ColorChoice) -> Result<u8, Failure> {
    let known = known(rule)?;
    print(&if json {
        pretty(known)
    } else {
        render::mistake(known, columns(), colored(color))
    })?;
    Ok(exit_code::OK)
}

fn list(json: bool, color: ColorChoice) -> Result<u8, Failure> {
    print(&if json {
        pretty(&mistakes().collect::<Vec<_>>())
    } else {
        render::mistake_list(columns(), colored(color))
    })?;
    Ok(exit_code::OK)
}

fn pretty<T: serde::Serialize>(value: &T) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

fn known(rule: &str) -> Result<&'static Mistake, Failure> {
    mistake(rule).ok_or_else(|| {
        let meant = did_you_mean(rule, mistakes().map(|it| it.id.as_str()));
        let rule = render::plain_line(rule);
        Failure::usage(format!(
            "there is no rule {rule:?}{meant}; `crashpoint lint --rules` lists them all"
        ))
    })
}
