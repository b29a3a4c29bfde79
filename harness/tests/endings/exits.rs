//! It leaves by itself.

use crate::support::Place;

crate::faults! {
    exit = Exit,
    exit_early = ExitEarly,
    exit_silently = ExitSilently,
}

#[test]
fn the_exit_code_can_be_chosen() {
    let report = Place::new()
        .crashpoint(&["run", "single", "--inject", "exit@phase=load,code=42"])
        .exits(10)
        .report();
    assert_eq!(report["cases"][0]["attempts"][0]["ending"]["code"], 42);
}
