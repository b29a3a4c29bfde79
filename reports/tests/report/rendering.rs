//! What people see, and that nothing in it obeys whoever wrote into the report.

use crashpoint_reports::event::Event;
use crashpoint_reports::{Report, render};

use crate::journal::{Journal, ladder_with_a_bad_fifth};

const HOSTILE: &str = "x\x1b]0;owned\x07\x1b[31m | `a` </td><script>alert(1)</script> [l](http://e.com)\r\n# heading\n```\n";

/// A run in which every foreign text is hostile.
pub fn hostile() -> Report {
    let mut journal = ladder_with_a_bad_fifth();
    for record in &mut journal.records {
        match &mut record.event {
            Event::Plan(plan) => {
                for image in &mut plan.images {
                    image.file = HOSTILE.into();
                }
                plan.cases[0].title = HOSTILE.into();
                plan.settings.model = Some(HOSTILE.into());
            }
            Event::AttemptStart(start) => start.folder = HOSTILE.into(),
            Event::AttemptEnd(end) => {
                end.stderr.tail = HOSTILE.repeat(30);
                end.limit = Some(HOSTILE.into());
            }
            Event::Header(header) => header.command.push(HOSTILE.into()),
            Event::Skipped { because, .. } => *because = HOSTILE.into(),
            _ => {}
        }
    }
    journal.push(Event::Trouble {
        what: HOSTILE.into(),
    });
    journal.error(4, None, false);
    journal.push(Event::Violation {
        attempt: 4,
        what: HOSTILE.into(),
    });
    journal.run_end();
    journal.report()
}

fn fits(screen: &str) {
    let lines: Vec<&str> = screen.lines().collect();
    assert!(lines.len() <= 24, "{} lines:\n{screen}", lines.len());
    for line in lines {
        assert!(line.chars().count() <= 80, "{line:?}");
    }
}

#[test]
fn a_run_that_survived_fits_a_screen() {
    let mut journal = Journal::of(&[
        ("single", "single", &[1]),
        ("each-alone/1", "each-alone", &[1]),
        ("each-alone/2", "each-alone", &[2]),
    ]);
    journal.survivor(1, "single", &[1]);
    journal.survivor(2, "each-alone/1", &[1]);
    journal.survivor(3, "each-alone/2", &[2]);
    journal.run_end();
    let screen = render::terminal(&journal.report(), false);
    fits(&screen);
    assert_eq!(
        screen,
        "\
✓ every step survived: 3 cases, 3 attempts, 3 images

                   attempts   images    s/image        p95        max     total
✓ single                1/1      1/1      0.400      0.400      0.400    0.80 s
✓ each-alone            2/2      2/2      0.400      0.400      0.400    1.60 s

speed       0.400 s an image (p95 0.400, max 0.400), 80.0 tokens/s, load 0.11 s
memory      worker 512.0 MiB at most; host 25%
crash rate  0 of 3 attempts; 95%: 0% to 70.8% two-sided, below 63.2% one-sided
"
    );
}

#[test]
fn a_crash_comes_first_with_its_verdict() {
    let screen = render::terminal(&ladder_with_a_bad_fifth().report(), false);
    fits(&screen);
    let lines: Vec<&str> = screen.lines().collect();
    assert_eq!(
        lines[0],
        "✗ died in each-alone/5, image 5 at position 1, phase decode, after 3 tokens:"
    );
    assert_eq!(lines[1], "  SIGSEGV");
    assert_eq!(
        lines[3],
        "verdict     native_crash (possible), signature f602ed54"
    );
    assert!(screen.contains("supported   this image"));
    assert!(screen.contains("✗ each-alone"));
    assert!(screen.contains("– fifth            each-alone did not survive"));
}

#[test]
fn colour_is_there_only_when_asked_for() {
    let report = ladder_with_a_bad_fifth().report();
    assert!(!render::terminal(&report, false).contains('\x1b'));
    assert!(render::terminal(&report, true).starts_with("\x1b[31m✗\x1b[0m"));
}

#[test]
fn a_run_of_many_rungs_still_fits() {
    let names: Vec<String> = (0..60).map(|at| format!("rung-{at}")).collect();
    let cases: Vec<(&str, &str, &[u32])> = names
        .iter()
        .map(|name| (name.as_str(), name.as_str(), &[1_u32][..]))
        .collect();
    let mut journal = Journal::of(&cases);
    for (number, name) in (1..).zip(&names) {
        journal.survivor(number, name, &[1]);
    }
    journal.death(61, "rung-59", &[1, 2]);
    journal.run_end();
    let screen = render::terminal(&journal.report(), false);
    fits(&screen);
    assert!(screen.contains(" more"), "{screen}");
}

#[test]
fn hostile_text_does_nothing_on_a_terminal() {
    let screen = render::terminal(&hostile(), false);
    fits(&screen);
    let obeyed = |letter: char| letter.is_control() && letter != '\n';
    assert!(!screen.contains(obeyed), "{screen:?}");
}

#[test]
fn hostile_text_does_nothing_in_markdown() {
    let page = render::markdown(&hostile());
    assert!(!page.contains(|letter: char| letter.is_control() && letter != '\n'));
    let mut fence: Option<&str> = None;
    for line in page.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if ticks >= 3 => fence = Some(&line[..ticks]),
            None => {
                let bare = line
                    .replace("\\<", "")
                    .replace("\\[", "")
                    .replace("\\|", "");
                assert!(!bare.contains("<script"), "{line}");
                assert!(!bare.contains("[l]("), "{line}");
                let heading = line.starts_with('#');
                assert!(!heading || !line.starts_with("# heading"), "{line}");
            }
        }
    }
    assert_eq!(fence, None, "a block was left open");
}

#[test]
fn every_row_of_a_table_has_as_many_cells_as_its_head() {
    for report in [hostile(), ladder_with_a_bad_fifth().report()] {
        let page = render::markdown(&report);
        let mut cells = None;
        let mut in_block = false;
        for line in page.lines() {
            in_block ^= line.starts_with("```");
            if in_block || !line.starts_with('|') {
                cells = None;
                continue;
            }
            let bars = line.replace("\\|", "").matches('|').count();
            assert_eq!(*cells.get_or_insert(bars), bars, "{line}");
        }
    }
}

#[test]
fn the_page_says_everything_that_it_promises() {
    let page = render::markdown(&ladder_with_a_bad_fifth().report());
    for part in [
        "# Died in each-alone/5, image 5 at position 1, phase decode, after 3 tokens: SIGSEGV\n",
        "## Died: each-alone/5, attempt 1\n",
        "| why | **native\\_crash** (possible) |",
        "## Rungs\n",
        "| ✗ | each-alone |",
        "| seconds an image | 0.400 | 0.400 | 0.400 | 2 |",
        "- Crash rate: 1 of 3 attempts (33.3%); 95% interval (two-sided, exact) 0.8% to 90.6%",
        "## The usual suspects\n",
        "| this image | **supported** |",
        "## To do it again\n\n```text\ncrashpoint run\n```\n",
    ] {
        assert!(page.contains(part), "{part}\n\n{page}");
    }
}

#[test]
fn json_is_the_whole_report() {
    let text = render::json(&ladder_with_a_bad_fifth().report());
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["schema"], "crashpoint.report/1");
    assert_eq!(value["crash_points"][0]["image"], 5);
    assert_eq!(value["cases"][2]["attempts"][0]["ending"]["signal"], 11);
    assert!(text.ends_with("}\n"));
}

#[test]
fn hostile_text_is_the_same_in_json_and_does_nothing_where_it_is_printed() {
    let mut report = hostile();
    report.summary.headline = "\u{9b}31m \u{7f} \u{202e} \u{e0041} \u{1f600} \"\\".into();
    let text = render::json(&report);
    let obeyed = |letter: char| letter.is_control() && letter != '\n';
    assert!(!text.contains(obeyed) && !text.contains('\u{202e}'));
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(
        value(&text),
        value(&serde_json::to_string(&report).unwrap())
    );
}
