//! Programs of this machine: whether they are there, and running them.

use std::error::Error;
use std::process::Command;

/// Each program with Debian's package that has it.
const NEEDED: [(&str, &str); 3] = [
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("busybox", "busybox-static"),
    ("mkfs.ext4", "e2fsprogs"),
];

/// Installs what is missing where that may be done, and otherwise says what to install.
pub fn ensure(also: &[(&'static str, &'static str)]) -> Result<(), Box<dyn Error>> {
    let missing: Vec<&str> = NEEDED
        .iter()
        .chain(also)
        .filter(|(program, _)| !is_there(program))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    let hint = format!("apt-get install --no-install-recommends {list}");
    if !nix::unistd::geteuid().is_root() {
        return Err(format!("missing here: {list}; as root: {hint}").into());
    }
    eprintln!("powercut: installing {list}");
    run(Command::new("apt-get").args(["update", "-qq"]))?;
    run(Command::new("apt-get")
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(&missing)
        .env("DEBIAN_FRONTEND", "noninteractive"))
    .map_err(|error| format!("{error}; it was: {hint}").into())
}

fn is_there(program: &str) -> bool {
    ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"]
        .iter()
        .any(|folder| std::path::Path::new(folder).join(program).exists())
}

/// Runs a program that says little, and tells its words only if it fails.
pub fn run(command: &mut Command) -> Result<(), Box<dyn Error>> {
    output(command).map(drop)
}

pub fn output(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| format!("failed to run {name}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name} failed ({}): {}", output.status, said.trim()).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
