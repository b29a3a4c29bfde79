//! Takes the machine away under a run, again and again: no marker that was acknowledged may be
//! lost, and what the next boot says of it must be right.

mod acknowledged;
mod bench;
mod cpio;
mod death;
mod filesystem;
mod handover;
mod initramfs;
mod kernel;
mod log_writes;
mod machine;
mod table;
mod tool;
mod trial;
mod under_way;
mod worker;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::Outcome;
use bench::Bench;
use death::Death;
use filesystem::Filesystem;
use kernel::Kernel;
use machine::{Boot, Machine};
use trial::Trial;
use worker::Worker;

/// A boot under KVM takes a second, or hangs for ever where nested virtualisation is broken.
const KVM_BOOTS: Duration = Duration::from_secs(15);

#[derive(Args)]
pub struct Options {
    /// How many deaths in all; file systems and kinds of death take turns
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    resets: u32,
    /// The executable under test [default: target/release/crashpoint, else target/debug/crashpoint]
    #[arg(long, value_name = "PATH")]
    crashpoint: Option<PathBuf>,
    #[arg(
        long,
        value_name = "NAME",
        value_enum,
        value_delimiter = ',',
        default_value = "ext4"
    )]
    filesystem: Vec<Filesystem>,
    /// [default: all of them]
    #[arg(long, value_name = "KIND", value_enum, value_delimiter = ',')]
    death: Vec<Death>,
    /// Every death comes within so many seconds of the first marker, or of the run's start
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    within: f64,
    /// Of the random moments [default: another one each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[arg(long, value_name = "HOW", value_enum, default_value = "auto")]
    accelerator: Accelerator,
    /// Where QEMU or the kernel cannot be had, say so and succeed
    #[arg(long)]
    may_skip: bool,
    /// Print every death as JSON instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Accelerator {
    /// KVM where a machine boots under it in seconds
    Auto,
    Kvm,
    Tcg,
}

#[derive(Serialize)]
struct Whole<'a> {
    seed: u64,
    accelerator: &'a str,
    kernel: &'a Path,
    trials: &'a [Trial],
}

pub fn run(options: &Options) -> Outcome {
    let mut filesystems = options.filesystem.clone();
    filesystems.dedup();
    let crashpoint = crashpoint(options)?;
    let folder = PathBuf::from("target/powercut");
    fs::create_dir_all(&folder)?;
    let kernel = match tools_and_kernel(&filesystems, &folder) {
        Err(why) if options.may_skip => {
            eprintln!("powercut: SKIPPED, NOTHING WAS TESTED: {why}");
            return Ok(());
        }
        kernel => kernel?,
    };
    let initramfs = initramfs::write(&folder, &crashpoint, &kernel, &filesystems)?;
    let mut machine = Machine {
        folder,
        kernel: kernel.image,
        initramfs,
        accelerator: "tcg",
    };
    machine.accelerator = accelerator(options.accelerator, &machine)?;

    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    eprintln!("powercut: seed {seed}, {}", machine.accelerator);
    let deaths = match options.death.as_slice() {
        [] => Death::value_variants(),
        some => some,
    };
    let mut bench = Bench::new(&machine, &filesystems, options.within, seed)?;
    let turns = deaths
        .iter()
        .flat_map(|&death| filesystems.iter().map(move |&it| (it, death)));
    let broken = (1..=options.resets)
        .zip(turns.cycle())
        .try_for_each(|(reset, (filesystem, death))| bench.one(reset, filesystem, death))
        .and_then(|()| bench.recover_the_rest());
    // What was seen before the bench itself broke was seen.
    let trials = bench.trials;

    if options.json {
        let whole = Whole {
            seed,
            accelerator: machine.accelerator,
            kernel: &machine.kernel,
            trials: &trials,
        };
        println!("{}", serde_json::to_string_pretty(&whole)?);
    } else {
        print!("{}", table::table(&trials));
    }
    let lost: usize = trials.iter().map(|trial| trial.lost).sum();
    let wrong = trials.iter().filter(|trial| trial.is_wrong()).count();
    eprintln!(
        "powercut: resets {} lost {lost} wrong {wrong}",
        trials.len()
    );
    broken?;
    if lost > 0 || wrong > 0 {
        return Err("what was promised of the record did not hold; seed and words above".into());
    }
    Ok(())
}

fn tools_and_kernel(filesystems: &[Filesystem], folder: &Path) -> Result<Kernel, Box<dyn Error>> {
    let makers: Vec<_> = filesystems.iter().map(|it| it.maker()).collect();
    tool::ensure(&makers)?;
    Kernel::unpack(folder)
}

fn crashpoint(options: &Options) -> Result<PathBuf, Box<dyn Error>> {
    let known = ["target/release/crashpoint", "target/debug/crashpoint"];
    let asked = options.crashpoint.iter().map(PathBuf::as_path);
    let candidates: Vec<&Path> = match &options.crashpoint {
        Some(_) => asked.collect(),
        None => known.iter().map(Path::new).collect(),
    };
    let found = candidates.iter().find(|path| path.is_file());
    found.map(|path| path.to_path_buf()).ok_or_else(|| {
        let looked = candidates.first().unwrap_or(&Path::new("")).display();
        format!("there is no {looked}: cargo build --release, or name another with --crashpoint")
            .into()
    })
}

fn accelerator(asked: Accelerator, machine: &Machine) -> Result<&'static str, Box<dyn Error>> {
    match asked {
        Accelerator::Tcg => Ok("tcg"),
        Accelerator::Kvm => Ok("kvm"),
        Accelerator::Auto if !Path::new("/dev/kvm").exists() => Ok("tcg"),
        Accelerator::Auto => {
            let disk = machine.folder.join("disk.trial");
            Machine::prepare(Filesystem::Ext4, &disk)?;
            let trial = Machine {
                folder: machine.folder.clone(),
                kernel: machine.kernel.clone(),
                initramfs: machine.initramfs.clone(),
                accelerator: "kvm",
            };
            let booted = trial
                .start(&Boot {
                    filesystem: "ext4",
                    disk: &disk,
                    write_log: None,
                    recover: 0,
                    run: 0,
                    worker: Worker::default(),
                })
                .and_then(|running| running.wait_for("idle", KVM_BOOTS));
            if let Err(why) = &booted {
                eprintln!("powercut: no KVM here ({why}): emulated, which is slower");
            }
            Ok(if booted.is_ok() { "kvm" } else { "tcg" })
        }
    }
}
