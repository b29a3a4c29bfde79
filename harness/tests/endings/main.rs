//! Every fault ends as it must, where it must, and is told as what it was. A file for each family of
//! faults; what to expect comes from the faults' own table.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod checks;
mod ends;
mod exits;
mod findings;
mod gpu;
mod hangs;
mod native;
mod place;
mod protocol;
mod resources;
mod sent_signals;

use std::collections::BTreeSet;

use crashpoint_scenarios::fault::Fault;
use support::Place;

/// A test for each fault of a family, by its name.
macro_rules! faults {
    ($($test:ident = $fault:ident),+ $(,)?) => {
        pub const FAULTS: &[crashpoint_scenarios::fault::Fault] =
            &[$(crashpoint_scenarios::fault::Fault::$fault),+];
        $(
            #[test]
            fn $test() {
                crate::ends::ends(crashpoint_scenarios::fault::Fault::$fault);
            }
        )+
    };
}
use faults;

#[test]
fn every_fault_belongs_to_a_family_that_is_tested() {
    let families = [
        checks::FAULTS,
        exits::FAULTS,
        findings::FAULTS,
        gpu::FAULTS,
        hangs::FAULTS,
        native::FAULTS,
        protocol::FAULTS,
        resources::FAULTS,
        sent_signals::FAULTS,
    ];
    let tested: Vec<Fault> = families.concat();
    let once: BTreeSet<Fault> = tested.iter().copied().collect();
    assert_eq!(once.len(), tested.len(), "a fault stands in two families");
    assert_eq!(once, Fault::ALL.iter().copied().collect());
}

#[test]
fn the_list_says_of_every_fault_how_it_ends_and_which_class_it_has() {
    let place = Place::new();
    let ran = place.crashpoint(&["fault", "--list"]).exits(0);
    for fault in Fault::ALL {
        let line = ran
            .stdout
            .lines()
            .find(|line| line.split(' ').next() == Some(fault.name()))
            .unwrap();
        let expected = fault.expectation();
        assert!(line.contains(&expected.how()), "{line}");
        assert!(line.contains(&expected.classes[0].to_string()), "{line}");
    }
    let json = place.crashpoint(&["fault", "--list", "--json"]).exits(0);
    let rows: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), Fault::ALL.len());
    assert_eq!(rows[0]["expected"]["signal"], 11);
}
