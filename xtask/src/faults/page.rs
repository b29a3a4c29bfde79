//! The page that is made of the tallies.

use std::collections::BTreeMap;

use super::Listed;
use super::trial::Tally;

pub fn page(rows: &[(Listed, Tally)], times: u32, machine: &str) -> String {
    let mut page = format!(
        "# Faults\n\n\
         What every fault came to, each caused {times} times (fewer for one that hangs): in image 5, phase decode, of the rung `fifth`,\n\
         or in the rung in which it shows. *Right* counts the runs in which ending, crash point and\n\
         class were all as stated beforehand (`crashpoint fault --list`). After each fault nothing may\n\
         be left: no process, control group, socket, shared memory or temporary file.\n\n\
         Made by `cargo xtask faults --times {times}`"
    );
    if !machine.is_empty() {
        page += &format!(", on {machine}");
    }
    page += ".\n\n| fault | what it does | ending | crash point | class | right | left behind |\n|---|---|---|---|---|---|---|\n";
    for (listed, tally) in rows {
        let right = if tally.not_here {
            "not to be had here".to_owned()
        } else {
            format!("{} of {}", tally.right, tally.tried)
        };
        let left = match tally.left.len() {
            0 => "nothing".to_owned(),
            some => format!("{some}: {}", tally.left.join(", ")),
        };
        page += &format!(
            "| `{}` | {} | {} | {} | {} | {right} | {left} |\n",
            listed.name,
            listed.does,
            seen(&tally.endings),
            seen(&tally.places),
            seen(&tally.classes),
        );
    }
    page
}

/// What was always the same needs no count.
fn seen(what: &BTreeMap<String, u32>) -> String {
    let words: Vec<String> = match what.len() {
        0 => vec!["-".to_owned()],
        1 => what.keys().cloned().collect(),
        _ => what
            .iter()
            .map(|(what, n)| format!("{what} ({n})"))
            .collect(),
    };
    words.join(", ").replace('|', "\\|")
}
