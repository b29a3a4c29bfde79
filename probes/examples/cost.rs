//! What probing costs: `cargo run --release -p crashpoint-probes --example cost [HZ] [SECONDS]`.
//!
//! Watches its own process and prints each probe thread's processor time as a share of one core.

use std::time::{Duration, Instant};

use crashpoint_probes::{Config, ProbeThread, boot::Clocks};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let hz: f64 = args.next().map_or(Ok(100.0), |text| text.parse())?;
    let seconds: u64 = args.next().map_or(Ok(5), |text| text.parse())?;

    let (sender, samples) = std::sync::mpsc::channel();
    let sink = move |sample| drop(sender.send(sample));
    let probe = ProbeThread::start(Config { hz, gpu: None }, sink, |_| {})?;
    probe.watch(i32::try_from(std::process::id())?);
    let began = Instant::now();
    std::thread::sleep(Duration::from_secs(seconds));
    let wall = began.elapsed();

    let mut total = Duration::ZERO;
    for task in std::fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        let name = std::fs::read_to_string(task.join("comm"))?;
        if !name.starts_with("probe") {
            continue;
        }
        let used = on_cpu(&task)?;
        total += used;
        println!("{:<12} {:6.3} % of a core", name.trim(), share(used, wall));
    }
    println!("{:<12} {:6.3} % of a core", "together", share(total, wall));
    probe.stop();

    let samples: Vec<_> = samples.into_iter().collect();
    let gaps = samples
        .windows(2)
        .map(|pair| pair[1].mono_us - pair[0].mono_us);
    println!(
        "{} samples in {:.2} s, longest gap {:.1} ms, {:.1} us of processor time each",
        samples.len(),
        wall.as_secs_f64(),
        gaps.max().unwrap_or(0) as f64 / 1000.0,
        total.as_secs_f64() * 1e6 / samples.len().max(1) as f64,
    );
    println!("last: {}", serde_json::to_string(&samples.last())?);
    println!("now:  {:?}", Clocks::now());
    Ok(())
}

/// The scheduler's own count, in nanoseconds.
fn on_cpu(task: &std::path::Path) -> Result<Duration, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(task.join("schedstat"))?;
    let nanoseconds = text
        .split_whitespace()
        .next()
        .ok_or("an empty schedstat")?
        .parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}

fn share(used: Duration, wall: Duration) -> f64 {
    100.0 * used.as_secs_f64() / wall.as_secs_f64()
}
