//! `crashpoint diagnose`: a verdict from logs that exist already.

use std::borrow::Cow;
use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::Path;

use crashpoint_reports::diagnose::case::{Case, How};
use crashpoint_reports::diagnose::shape::Splitter;
use crashpoint_reports::diagnose::{Bundle, Scan, Source};
use crashpoint_reports::diagnosis::{self, Diagnosis};
use crashpoint_reports::render;
use serde_json::{Map, Value};

use super::finish::{colored, columns, print};
use crate::cli::DiagnoseOptions;
use crate::exit_code;
use crate::failure::Failure;
use crate::log_lines;

/// A case is a record by hand, of some hundred lines.
const LARGEST_CASE: u64 = 16 << 20;

pub fn diagnose(options: &DiagnoseOptions) -> Result<u8, Failure> {
    let diagnosis = match &options.case {
        Some(file) => of_case(file)?,
        None => of_logs(options)?,
    };
    print(&if options.json {
        render::diagnosis_json(&diagnosis)
    } else {
        render::diagnosis(&diagnosis, columns(), colored(options.color))
    })?;
    // A death whose cause stays unknown is one all the same.
    Ok(if diagnosis.names_a_death() {
        exit_code::FOUND
    } else {
        exit_code::OK
    })
}

fn of_logs(options: &DiagnoseOptions) -> Result<Diagnosis, Failure> {
    let how = how(options)?;
    let inputs = inputs(options);
    if inputs.is_empty() && how.is_none() && options.fact.is_empty() {
        return Err(Failure::usage(
            "there is nothing to diagnose: name a log, - for standard input, an --exit-code or a --case; see crashpoint diagnose --help",
        ));
    }
    if inputs.iter().filter(|(path, _)| is_stdin(path)).count() > 1 {
        return Err(Failure::usage(
            "standard input (-) can be one of the logs only",
        ));
    }
    let mut scan = Scan::new();
    let mut read = Vec::new();
    let mut before = 0;
    for (path, source) in inputs {
        let file = log(path, source, before, &mut scan)?;
        before += file.lines;
        read.push(file);
    }
    let facts: Map<String, Value> = options.fact.iter().cloned().collect();
    scan.facts(&facts);
    let bundle = Bundle {
        ending: how.as_ref().and_then(How::ending),
        hang_seconds: options.hang,
        sightings: scan.finish(),
        facts: Cow::Borrowed(&facts),
        ..Bundle::default()
    };
    Ok(Diagnosis::of(&bundle, read))
}

fn how(options: &DiagnoseOptions) -> Result<Option<How>, Failure> {
    let mut how = How {
        machine_gone: options.machine_gone,
        hang_seconds: options.hang,
        ..How::default()
    };
    match (options.exit_code, &options.signal) {
        // Python's word for a signal.
        (Some(code @ -64..=-1), _) => how.signal = Some((-code).to_string()),
        (Some(code), _) => how.exit_code = Some(code),
        (None, Some(signal)) => how.signal = Some(signal.to_string()),
        (None, None) if how == How::default() => return Ok(None),
        (None, None) => {}
    }
    Ok(Some(how))
}

fn inputs(options: &DiagnoseOptions) -> Vec<(&Path, Option<Source>)> {
    let named = [
        (&options.stderr, Source::Stderr),
        (&options.stdout, Source::Stdout),
        (&options.kernel_log, Source::KernelLog),
        (&options.previous_boot_log, Source::PreviousBootLog),
        (&options.service_log, Source::ServiceLog),
        (&options.nvidia_smi, Source::NvidiaSmi),
    ];
    let named = named
        .into_iter()
        .filter_map(|(path, source)| Some((path.as_deref()?, Some(source))));
    let mixed = options.logs.iter().map(|path| (path.as_path(), None));
    mixed.chain(named).collect()
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

fn open(path: &Path) -> Result<Box<dyn Read>, Failure> {
    if is_stdin(path) {
        let stdin = std::io::stdin();
        if stdin.is_terminal() {
            eprintln!("crashpoint: paste the log, then press Ctrl-D");
        }
        return Ok(Box::new(stdin.lock()));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    Ok(Box::new(file))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("failed to read {}: {error}", path.display()))
}

/// Its lines are numbered on from those of the files before it.
fn log(
    path: &Path,
    source: Option<Source>,
    before: u64,
    scan: &mut Scan,
) -> Result<diagnosis::Read, Failure> {
    let mut splitter = source.map_or_else(Splitter::new, Splitter::of);
    let (amount, done) = log_lines::each(open(path)?, |number, text| {
        splitter.line(text, |it| {
            scan.line(it.source, before + number, &it.text);
        });
    });
    if let Err(error) = done {
        if amount.lines == 0 {
            return Err(unreadable(path, &error));
        }
        // A log that was being packed when the machine died ends anyhow.
        eprintln!(
            "crashpoint: {} could be read up to line {} only: {error}",
            path.display(),
            amount.lines
        );
    }
    Ok(diagnosis::Read {
        file: if is_stdin(path) {
            "standard input".to_owned()
        } else {
            path.display().to_string()
        },
        lines: amount.lines,
        bytes: amount.bytes,
        source,
    })
}

/// One case as others wrote it down: the same path as for logs, from the scan on.
fn of_case(path: &Path) -> Result<Diagnosis, Failure> {
    let no_case = |why: &dyn std::fmt::Display| {
        Failure::usage(format!("{} is no case: {why}", path.display()))
    };
    let mut text = String::new();
    open(path)?
        .take(LARGEST_CASE)
        .read_to_string(&mut text)
        .map_err(|error| unreadable(path, &error))?;
    let mut values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let value = match values.next() {
        Some(Ok(value)) => value,
        Some(Err(error)) => return Err(no_case(&error)),
        None => return Err(no_case(&"it is empty")),
    };
    if values.next().is_some() {
        return Err(no_case(
            &"it holds several; give one, as in: sed -n 3p FILE | crashpoint diagnose --case -",
        ));
    }
    if value
        .get("evidence")
        .is_none_or(|evidence| !evidence.is_object())
    {
        return Err(no_case(&"it has no object named \"evidence\""));
    }
    let case: Case = serde_json::from_value(value).map_err(|error| no_case(&error))?;
    Ok(Diagnosis::of(&case.evidence.bundle(), Vec::new()))
}
