//! What a platform's registers say of the last reset, where its driver shows them: `power_on_reason`
//! (Documentation/ABI/testing/sysfs-platform-power-on-reason) and the `reset_*` files of mlxreg-io.

use std::fs;
use std::path::Path;

use crashpoint_reports::recovery::{Found, ResetReason, SourceRead};

use super::root::Root;

const SOURCE: &str = "reset reason";
const DEVICES: &str = "sys/devices/platform";
/// A device on a bus on a controller; the tree is not searched to its leaves.
const DEPTH: u32 = 4;
const MOST_FOLDERS: usize = 2000;

pub fn look(root: &Root, found: &mut Found) {
    let mut left = MOST_FOLDERS;
    let mut reasons = Vec::new();
    search(&root.at(DEVICES), DEPTH, &mut left, &mut reasons);
    found.sources.push(if reasons.is_empty() {
        SourceRead::absent(SOURCE, "no device of this platform tells one in sysfs")
    } else {
        let said: Vec<String> = reasons.iter().map(|it| it.text.clone()).collect();
        SourceRead::read(SOURCE, said.join(", "))
    });
    found.reset_reasons.extend(reasons);
}

fn search(folder: &Path, depth: u32, left: &mut usize, reasons: &mut Vec<ResetReason>) {
    let Some(fewer) = left.checked_sub(1) else {
        return;
    };
    *left = fewer;
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        let name = entry.file_name().to_string_lossy().into_owned();
        if kind.is_dir() && depth > 1 {
            search(&entry.path(), depth - 1, left, reasons);
        } else if kind.is_file()
            && let Some(text) = of_file(&name, &entry.path())
        {
            reasons.push(ResetReason {
                path: entry.path().display().to_string(),
                text,
            });
        }
    }
}

fn of_file(name: &str, path: &Path) -> Option<String> {
    if name == "power_on_reason" {
        let text = fs::read_to_string(path).ok()?;
        return Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    }
    // One file for each reason; the one that holds 1 is it.
    let is_reset = name.starts_with("reset_") && path.to_string_lossy().contains("mlxreg");
    let text = is_reset.then(|| fs::read_to_string(path).ok()).flatten()?;
    (text.trim() == "1").then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_flags_are_found_in_the_tree() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(DEVICES).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put(
            "ahb/fffffe10.poweroff/power_on_reason",
            "watchdog timeout\n",
        );
        put("mlxplat/mlxreg-io/hwmon/reset_aux_pwr_or_ref", "0\n");
        put("mlxplat/mlxreg-io/hwmon/reset_asic_thermal", "1\n");
        put("other/reset_gpio", "1\n");
        let mut found = Found::default();
        look(&Root::at_folder(root.path()), &mut found);
        let mut texts: Vec<_> = found
            .reset_reasons
            .iter()
            .map(|it| it.text.as_str())
            .collect();
        texts.sort_unstable();
        assert_eq!(texts, ["reset_asic_thermal", "watchdog timeout"]);
    }
}
