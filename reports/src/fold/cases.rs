//! The cases of the report: those of the plan in its order, then those that nobody planned.

use std::collections::HashMap;

use super::attempt::Finished;
use crate::event::Plan;
use crate::outcome::Outcome;
use crate::report::Case;

pub fn cases(
    plan: Option<&Plan>,
    attempts: Vec<Finished>,
    skipped: &[(String, String)],
) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut place_of = |cases: &mut Vec<Case>, name: &str, scenario: &str| -> usize {
        if let Some(&place) = places.get(name) {
            return place;
        }
        places.insert(name.to_owned(), cases.len());
        cases.push(Case {
            name: name.to_owned(),
            scenario: scenario.to_owned(),
            title: String::new(),
            images: Vec::new(),
            expected: Outcome::Survived,
            skipped: None,
            attempts: Vec::new(),
        });
        cases.len() - 1
    };
    for planned in plan.into_iter().flat_map(|plan| &plan.cases) {
        let place = place_of(&mut cases, &planned.name, &planned.scenario);
        if let Some(case) = cases.get_mut(place) {
            case.title.clone_from(&planned.title);
            case.images.clone_from(&planned.images);
        }
    }
    for finished in attempts {
        let place = place_of(&mut cases, &finished.case, &finished.case);
        if let Some(case) = cases.get_mut(place) {
            case.attempts.push(finished.attempt);
        }
    }
    for (name, because) in skipped {
        let place = place_of(&mut cases, name, name);
        if let Some(case) = cases.get_mut(place)
            && case.attempts.is_empty()
        {
            case.skipped = Some(because.clone());
        }
    }
    cases
}
