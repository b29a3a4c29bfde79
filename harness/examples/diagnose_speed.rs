//! How fast `crashpoint diagnose` reads, and how much memory it takes: over a log of the size given
//! in MB (200), made on the spot, with an error near its end.
//!
//!     cargo build --release -p crashpoint && cargo run --release -p crashpoint --example diagnose_speed
#![allow(clippy::unwrap_used, reason = "an example may panic")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::Command;
use std::time::Instant;

use nix::sys::time::TimeValLike;

const LINES: [&str; 6] = [
    "INFO 11-24 12:00:00 [loggers.py:100] Avg prompt throughput: 812.4 tokens/s, Running: 3 reqs, GPU KV cache usage: 41.2%",
    "INFO:     10.0.0.7:51422 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK",
    "2026-11-24T12:00:00.123456789Z stderr F [rank0] image page.png: 1344x2016, 2880 tokens",
    "Nov 24 12:00:00 node kernel: eth0: renamed from veth1a2b3c",
    "{\"level\":\"info\",\"ts\":1795521600.1,\"msg\":\"request finished\",\"seconds\":2.31}",
    "WARNING: retrying a slow request, error budget 99.1%, memory 6.85 of 24 GB in use by CUDA",
];

fn main() {
    let megabytes: u64 = std::env::args()
        .nth(1)
        .map_or(200, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.log");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    let (mut written, mut n) = (0_u64, 0_usize);
    while written < megabytes * 1_000_000 {
        let line = LINES[n % LINES.len()];
        writeln!(file, "{line} #{n}").unwrap();
        written += line.len() as u64 + 8;
        n += 1;
    }
    writeln!(
        file,
        "RuntimeError: CUDA error: an illegal memory access was encountered"
    )
    .unwrap();
    file.into_inner().unwrap();
    let bytes = path.metadata().unwrap().len();
    let program = std::env::current_exe()
        .unwrap()
        .parent()
        .unwrap()
        .join("../crashpoint");
    let began = Instant::now();
    let output = Command::new(program)
        .arg("diagnose")
        .arg(&path)
        .output()
        .unwrap();
    let seconds = began.elapsed().as_secs_f64();
    let usage =
        nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN).unwrap();
    print!("{}", String::from_utf8_lossy(&output.stdout));
    let busy = usage.user_time().num_milliseconds() + usage.system_time().num_milliseconds();
    let (megabytes, busy) = (bytes as f64 / 1e6, busy as f64 / 1e3);
    println!(
        "\n{n} lines, {megabytes:.0} MB in {seconds:.2} s, of which {busy:.2} s on a CPU: {:.0} MB/s of CPU time, at most {:.1} MiB resident",
        megabytes / busy,
        usage.max_rss() as f64 / 1024.0
    );
}
