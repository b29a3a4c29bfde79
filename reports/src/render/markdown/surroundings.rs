//! What it ran on, how to do it again, and what became of the record.

use super::table::Table;
use super::text;
use crate::environment::Environment;
use crate::report::{JournalState, Report};
use crate::words::{counted, gib, shell};

pub fn section(report: &Report) -> String {
    let mut page = String::new();
    if let Some(environment) = &report.environment {
        page += &format!("## Environment\n\n{}\n", self::environment(environment));
    }
    page += &reproduce(report);
    page += &record(report);
    page
}

fn environment(environment: &Environment) -> Table {
    let mut table = Table::new(&["", ""]);
    let mut row = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            table.row(vec![name.to_owned(), text(&value)]);
        }
    };
    row("crashpoint", Some(environment.crashpoint.clone()));
    row("kernel", environment.kernel.clone());
    row("distribution", environment.distribution.clone());
    row("architecture", Some(environment.architecture.clone()));
    row("CPU", environment.cpu.clone());
    row(
        "logical processors",
        environment.cpus.map(|all| match environment.usable_cpus {
            Some(usable) if usable != all => format!("{all}, {usable} of them usable"),
            _ => all.to_string(),
        }),
    );
    row("memory", environment.memory_total_bytes.map(gib));
    row("container", environment.container.clone());
    row(
        "memory limit of the control group",
        environment
            .cgroup
            .as_ref()
            .and_then(|group| group.memory_limit_bytes)
            .map(gib),
    );
    row("NVIDIA driver", environment.gpu.driver_version.clone());
    row("CUDA of the driver", environment.gpu.cuda_version.clone());
    for gpu in &environment.gpu.gpus {
        let name = gpu.name.as_deref().unwrap_or("a GPU without a name");
        let memory = gpu.memory_total_bytes.map(gib).unwrap_or_default();
        row(
            &format!("GPU {}", gpu.index),
            Some(format!("{name} {memory}")),
        );
    }
    row("no GPU", environment.gpu_absent_because.clone());
    table
}

fn reproduce(report: &Report) -> String {
    let Some(header) = &report.run.header else {
        return String::new();
    };
    let command = super::super::escape::block(&shell(&header.command), 1, 2000);
    let mut settings = Vec::new();
    if let Some(known) = &report.run.settings {
        let shown =
            |name: &str, value: Option<String>| value.map(|it| format!("{name} {}", text(&it)));
        settings.extend(shown("profile", known.profile.clone()));
        settings.extend(shown("model", known.model.clone()));
        settings.extend(shown("device", known.device.clone()));
        settings.extend(shown("dtype", known.dtype.clone()));
        settings.extend(shown("quantised to", known.quant.clone()));
        settings.extend(shown("seed", known.seed.map(|it| it.to_string())));
        settings.extend(shown(
            "new tokens",
            known.max_new_tokens.map(|it| it.to_string()),
        ));
        settings.extend(shown("threads", known.threads.map(|it| it.to_string())));
    }
    let mut part = format!("## To do it again\n\n{command}\n");
    if !settings.is_empty() {
        part += &format!("Settings: {}.\n\n", settings.join(", "));
    }
    if !report.run.configured.is_empty() {
        let said = report.run.configured.iter();
        let said = said.map(|it| text(&format!("{} from {}", shell(&it.words()), it.from)));
        let said: Vec<String> = said.collect();
        part += &format!("Not on that line: {}.\n\n", said.join(", "));
    }
    part
}

fn record(report: &Report) -> String {
    let JournalState {
        records,
        torn_tail_bytes,
        damage,
        damage_left_out,
        ..
    } = &report.journal;
    let mut part = format!(
        "## The record\n\n{} in the journal, {}.\n\n",
        counted(usize::try_from(*records).unwrap_or(usize::MAX), "record"),
        if report.journal.complete {
            "to its end"
        } else {
            "which stops before the run's end"
        }
    );
    if *torn_tail_bytes > 0 {
        part += &format!("- {torn_tail_bytes} bytes at the end are an interrupted write\n");
    }
    const SHOWN: usize = 20;
    for damage in damage.iter().take(SHOWN) {
        part += &format!(
            "- damage in {} at byte {}: {}\n",
            text(&damage.segment),
            damage.offset,
            text(&damage.what)
        );
    }
    let more = damage_left_out.saturating_add(damage.len().saturating_sub(SHOWN) as u64);
    if more > 0 {
        part += &format!("- and {more} more places\n");
    }
    if let Some(slept) = report.run.slept_seconds {
        part += &format!("- the machine slept for {slept:.1} s of the run\n");
    }
    for trouble in report.run.troubles.iter().take(20) {
        part += &format!("- {}\n", text(trouble));
    }
    part
}
