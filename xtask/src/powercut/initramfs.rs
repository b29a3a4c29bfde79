//! What the machine boots from: busybox, the program under test with what it links, its model and
//! images, a few kernel modules, [`init.sh`](init.sh) and
//! [`quick.sh`](quick.sh).

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::cpio::Archive;
use super::filesystem::Filesystem;
use super::kernel::Kernel;
use super::tool;

/// To have a disk at all.
const MODULES: [&str; 2] = ["virtio_pci", "virtio_blk"];
const FOLDERS: [&str; 12] = [
    "bin", "dev", "proc", "sys", "tmp", "modules", "cache", "lib", "lib64", "var", "disk", "root",
];

/// Writes it for all these file systems, and says where it is.
pub fn write(
    folder: &Path,
    crashpoint: &Path,
    kernel: &Kernel,
    filesystems: &[Filesystem],
) -> Result<PathBuf, Box<dyn Error>> {
    let mut archive = Archive::default();
    FOLDERS.iter().for_each(|folder| archive.folder(folder));
    archive.console();
    archive.executable("init", include_bytes!("init.sh"));
    archive.executable("bin/quick", include_bytes!("quick.sh"));
    archive.executable("bin/busybox", &read(Path::new("/bin/busybox"))?);
    archive.executable("bin/crashpoint", &read(crashpoint)?);
    libraries(crashpoint, &mut archive)?;

    let cache = folder.join("cache");
    fill(crashpoint, &cache, folder)?;
    tree(&cache, "cache", &mut archive)?;

    let mut wanted = MODULES.to_vec();
    wanted.extend(filesystems.iter().map(|filesystem| filesystem.name()));
    let mut order = String::new();
    for path in kernel.with_needed(&wanted)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        archive.file(&format!("modules/{name}"), &read(&path)?);
        order += &format!("{name}\n");
    }
    archive.file("modules/order", order.as_bytes());

    let path = folder.join("initramfs");
    fs::write(&path, archive.finish())?;
    Ok(path)
}

/// The model and the images are made on the first run: here, since the machine is slow at it.
fn fill(crashpoint: &Path, cache: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let out = folder.join("fill");
    let filled = tool::run(
        Command::new(crashpoint)
            .args(["run", "single", "--quiet", "--max-new-tokens", "1", "--out"])
            .arg(&out)
            .env("CRASHPOINT_CACHE", cache),
    );
    fs::remove_dir_all(&out)?;
    filled
}

/// The shared libraries that the program is linked to, each where it asks for it.
fn libraries(program: &Path, archive: &mut Archive) -> Result<(), Box<dyn Error>> {
    let listed = tool::output(Command::new("ldd").arg(program))?;
    let paths = listed
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
        .map(Path::new);
    let mut folders = Vec::new();
    for path in paths {
        let parents: Vec<&Path> = path.ancestors().skip(1).collect();
        for parent in parents.into_iter().rev() {
            let name = inside(parent);
            if !name.is_empty() && !FOLDERS.contains(&name.as_str()) && !folders.contains(&name) {
                archive.folder(&name);
                folders.push(name);
            }
        }
        archive.executable(&inside(path), &read(path)?);
    }
    Ok(())
}

fn inside(path: &Path) -> String {
    path.to_string_lossy().trim_matches('/').to_owned()
}

fn tree(folder: &Path, name: &str, archive: &mut Archive) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            archive.folder(&name);
            tree(&entry.path(), &name, archive)?;
        } else {
            archive.file(&name, &read(&entry.path())?);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    fs::read(path).map_err(|error| format!("failed to read {}: {error}", path.display()).into())
}
