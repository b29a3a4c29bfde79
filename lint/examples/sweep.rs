//! Reads whole trees of programs, and says how long that took and what each rule found there.
//!
//!     cargo run --release -p crashpoint-lint --example sweep -- site-packages/transformers

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crashpoint_lint::{Machine, files};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let start = Instant::now();
    let looked = files::look(&paths, Path::new("."), &[], &Machine::default())?;
    let seconds = start.elapsed().as_secs_f64();
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &looked.findings {
        let known = rules.entry(&finding.rule).or_default();
        *known += 1;
        println!(
            "{}:{}: {}: {}",
            finding.file, finding.line, finding.rule, finding.message
        );
    }
    for unread in &looked.unread {
        println!("{}: {}", unread.path.display(), unread.why);
    }
    for (rule, count) in &rules {
        println!("{count:>6} {rule}");
    }
    let each = seconds / looked.files.max(1) as f64 * 1000.0;
    println!(
        "{} files in {seconds:.2} s: {each:.2} s for 1,000",
        looked.files
    );
    Ok(())
}
