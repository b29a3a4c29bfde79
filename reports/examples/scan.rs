//! How fast logs are read: `cargo run --release -p crashpoint-reports --example scan [FILE]`.
//! Without a file a server's log is made up, 200 MB of it, with an error now and then.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::Instant;

use crashpoint_reports::diagnose::{Scan, Source};

const BYTES: u64 = 200_000_000;

fn main() -> std::io::Result<()> {
    let mut scan = Scan::new();
    // The automaton is built with the first line.
    let began = Instant::now();
    Scan::is_notable(Source::Stderr, "");
    println!("ready after {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
    let began = Instant::now();
    let mut bytes = 0;
    let mut notable: u64 = 0;
    let mut take = |line: &str, number: u64| {
        bytes += line.len() as u64 + 1;
        notable += u64::from(scan.line(Source::Stderr, number, line));
        bytes
    };
    match std::env::args().nth(1) {
        Some(path) => {
            for (line, number) in BufReader::new(File::open(path)?).lines().zip(1..) {
                take(&line?, number);
            }
        }
        None => {
            let mut number = 0;
            while take(&made_up(number), number + 1) < BYTES {
                number += 1;
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let kept = scan.finish().iter().count();
    println!(
        "{:.0} MB in {seconds:.2} s: {:.0} MB/s, {notable} notable lines, {kept} kept",
        bytes as f64 / 1e6,
        bytes as f64 / 1e6 / seconds
    );
    Ok(())
}

/// What servers write all day, and once in a few thousand lines something that went wrong.
fn made_up(n: u64) -> String {
    match n % 5000 {
        4999 => format!(
            "ERROR [engine.py:{n}] RuntimeError: CUDA error: an illegal memory access was encountered"
        ),
        2500 => format!("WARNING [loader.py:{n}] retrying: connection reset by peer"),
        _ => match n % 4 {
            0 => format!(
                "INFO:     10.0.0.{}:5{} - \"POST /v1/chat/completions HTTP/1.1\" 200 OK",
                n % 250,
                n % 9999
            ),
            1 => format!(
                "INFO 01-02 03:04:05 [loggers.py:123] Engine 000: Avg prompt throughput: {}.4 tokens/s, Avg generation throughput: 103.2 tokens/s, Running: {} reqs, Waiting: 0 reqs, GPU KV cache usage: 3.2%, Prefix cache hit rate: 6.8%",
                n % 9000,
                n % 300
            ),
            2 => format!(
                "slot print_timing: id  0 | task {n} | prompt eval time =     {}.11 ms /    12 tokens (    3.76 ms per token,   266.00 tokens per second)",
                n % 90
            ),
            _ => format!("[{n}] step {n}: loss 0.{} lr 3e-4 images/s 41.2", n % 1000),
        },
    }
}
