//! The guide says what the knowledge base says.

use crashpoint_reports::render;

#[test]
fn the_guide_is_current() {
    let page = include_str!("../../../docs/guide.md");
    assert!(
        render::guide(page).unwrap() == page,
        "run `cargo xtask guide`, and look at the difference"
    );
}
