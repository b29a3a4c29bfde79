//! The trials by file system and kind of death, as a table of Markdown.

use std::collections::BTreeMap;

use super::trial::Trial;

pub fn table(trials: &[Trial]) -> String {
    let mut rows: BTreeMap<_, Vec<&Trial>> = BTreeMap::new();
    for trial in trials {
        rows.entry((trial.filesystem, trial.death))
            .or_default()
            .push(trial);
    }
    let mut table = "| file system | death | resets | acknowledged | lost | ahead | crash point right | told right | median wait for an acknowledgement |\n\
                     |---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for ((filesystem, death), trials) in rows {
        let resets = trials.len();
        let sum = |count: fn(&Trial) -> usize| trials.iter().map(|&it| count(it)).sum::<usize>();
        let recorded = sum(|it| usize::from(it.recorded));
        let ahead = trials.iter().map(|it| it.ahead).max().unwrap_or_default();
        let mut waits: Vec<u64> = trials
            .iter()
            .flat_map(|it| &it.waited_us)
            .copied()
            .collect();
        waits.sort_unstable();
        let median = waits.get(waits.len() / 2);
        let median = median.map_or("-".to_owned(), |&us| {
            format!("{:.1} ms", us as f64 / 1000.0)
        });
        table += &format!(
            "| {} | {} | {resets} | {} | {} | {ahead} | {} of {recorded} | {} of {recorded} | {median} |\n",
            filesystem.name(),
            death.name(),
            sum(|it| it.acknowledged),
            sum(|it| it.lost),
            sum(|it| usize::from(it.recorded && it.crash_point_right)),
            sum(|it| usize::from(it.recorded && it.told_right)),
        );
    }
    table
}
