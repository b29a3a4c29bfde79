//! The kernel of Debian's package and those of its modules that the machine needs. It is unpacked
//! here and never installed.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tool;

/// Depends on the newest kernel made for virtual machines.
const NEWEST: &str = "linux-image-cloud-amd64";

pub struct Kernel {
    pub image: PathBuf,
    modules: BTreeMap<String, PathBuf>,
}

impl Kernel {
    /// Unpacks it into `folder`, unless it is there already.
    pub fn unpack(folder: &Path) -> Result<Kernel, Box<dyn Error>> {
        let unpacked = folder.join("kernel");
        if !unpacked.is_dir() {
            let package = package()?;
            tool::run(
                Command::new("apt-get")
                    .args(["download", "--quiet", &package])
                    .current_dir(folder),
            )?;
            let archive = find(folder, &|name| {
                name.starts_with(&package) && name.ends_with(".deb")
            })?;
            let partial = folder.join("kernel.partial");
            tool::run(
                Command::new("dpkg-deb")
                    .arg("-x")
                    .arg(&archive)
                    .arg(&partial),
            )?;
            fs::rename(&partial, &unpacked)?;
            fs::remove_file(archive)?;
        }
        let image = find(&unpacked.join("boot"), &|name| name.starts_with("vmlinuz-"))?;
        let mut modules = BTreeMap::new();
        collect(&unpacked.join("lib/modules"), &mut modules)?;
        Ok(Kernel { image, modules })
    }

    /// The files to load for these modules, each after those that it needs. One that the package
    /// does not have as a file is built in.
    pub fn with_needed(&self, wanted: &[&str]) -> Result<Vec<PathBuf>, Box<dyn Error>> {
        let mut order = Vec::new();
        for name in wanted {
            self.add(name, &mut order)?;
        }
        Ok(order)
    }

    fn add(&self, name: &str, order: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
        // The same module is written with either character.
        let Some(path) = self.modules.get(&name.replace('-', "_")) else {
            return Ok(());
        };
        if order.contains(path) {
            return Ok(());
        }
        for needed in needs(&fs::read(path)?) {
            self.add(&needed, order)?;
        }
        order.push(path.clone());
        Ok(())
    }
}

fn package() -> Result<String, Box<dyn Error>> {
    let listed =
        tool::output(Command::new("apt-cache").args(["depends", NEWEST])).map_err(|error| {
            format!("{error}; is this Debian, with its lists fetched by apt-get update?")
        })?;
    listed
        .lines()
        .find_map(|line| line.trim().strip_prefix("Depends: "))
        .map(str::to_owned)
        .ok_or_else(|| format!("apt does not say which kernel {NEWEST} stands for").into())
}

/// What a module says that it needs, in the section `.modinfo`: `depends=a,b` between zeros.
fn needs(module: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\0depends=";
    let Some(at) = module.windows(KEY.len()).position(|window| window == KEY) else {
        return Vec::new();
    };
    let rest = module.get(at + KEY.len()..).unwrap_or_default();
    let value = rest.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(value)
        .split(',')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn collect(folder: &Path, modules: &mut BTreeMap<String, PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            collect(&path, modules)?;
        } else if path.extension().is_some_and(|kind| kind == "ko") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            modules.insert(name.replace('-', "_"), path.clone());
        }
    }
    Ok(())
}

fn find(folder: &Path, is_it: &dyn Fn(&str) -> bool) -> Result<PathBuf, Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_it(&entry.file_name().to_string_lossy()) {
            return Ok(entry.path());
        }
    }
    Err(format!(
        "{} does not hold what the kernel's package should have",
        folder.display()
    )
    .into())
}

#[cfg(test)]
mod tests {
    use super::needs;

    #[test]
    fn a_module_names_what_it_needs() {
        let module = b"\x7fELF..license=GPL\0depends=libcrc32c,xor\0name=btrfs\0";
        assert_eq!(needs(module), ["libcrc32c", "xor"]);
        assert!(needs(b"\0depends=\0name=xor\0").is_empty());
        assert!(needs(b"no module").is_empty());
    }
}
