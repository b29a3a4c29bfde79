//! What to write so that B has what A has: lines for a unit, or for a shell.

use super::capture::{Kind, Subject};
use super::known::Item;

pub(super) struct Sides<'a> {
    pub field: &'a str,
    /// Whole, as captured; `None` where it is not set or not recorded.
    pub a: Option<&'a str>,
    pub is_set_in_a: bool,
}

pub(super) fn remedy(of_b: &Subject, item: &Item, sides: &Sides<'_>) -> Vec<String> {
    let is_unit = matches!(of_b.kind, Kind::Unit | Kind::UserUnit);
    let line = match sides.field.strip_prefix("variables.") {
        Some(name) => variable(name, sides, is_unit),
        None => {
            item.unit
                .as_ref()
                .filter(|_| is_unit)
                .and_then(|line| match line.contains("{a}") {
                    true => Some(line.replace("{a}", &as_setting(sides.a?))),
                    false => Some(line.clone()),
                })
        }
    };
    let mut lines = vec![format!("# {}", item.fix)];
    if let Some(line) = line {
        let has_home = line.contains('~');
        if is_unit {
            let user = match of_b.kind {
                Kind::UserUnit => " --user",
                _ => "",
            };
            lines.push(format!("systemctl{user} edit {}  # [Service]", of_b.name));
        }
        lines.push(line);
        if has_home {
            lines.push("# write the folder out that ~ stands for".to_owned());
        }
    }
    lines
}

fn variable(name: &str, sides: &Sides<'_>, is_unit: bool) -> Option<String> {
    if !sides.is_set_in_a {
        return Some(match is_unit {
            true => format!("UnsetEnvironment={name}"),
            false => format!("unset {name}"),
        });
    }
    let value = sides.a?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:,=+@-~".contains(c);
    Some(match (is_unit, value.chars().all(plain)) {
        (true, true) => format!("Environment={name}={value}"),
        // systemd.exec(5): quoted as a whole, and a per cent sign is a specifier.
        (true, false) => format!(
            "Environment=\"{name}={}\"",
            value
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('%', "%%")
        ),
        (false, true) => format!("export {name}={value}"),
        (false, false) => format!("export {name}='{}'", value.replace('\'', "'\\''")),
    })
}

/// `unlimited` and `no limit` are `infinity` to systemd, and its lists have blanks between their parts.
fn as_setting(value: &str) -> String {
    if value == "no limit" {
        return "infinity".to_owned();
    }
    value.replace("unlimited", "infinity").replace(", ", " ")
}

#[cfg(test)]
mod tests {
    use super::super::known::known;
    use super::*;

    fn lines(kind: Kind, field: &str, a: Option<&str>) -> Vec<String> {
        let (_, item) = known(field).unwrap();
        let sides = Sides {
            field,
            a,
            is_set_in_a: a.is_some(),
        };
        remedy(&Subject::new(kind, "x.service", ""), item, &sides)
    }

    #[test]
    fn a_unit_gets_lines_of_a_unit_and_a_shell_its_own() {
        let unit = lines(Kind::Unit, "variables.CUDA_VISIBLE_DEVICES", Some("0"));
        assert_eq!(unit[1], "systemctl edit x.service  # [Service]");
        assert_eq!(unit[2], "Environment=CUDA_VISIBLE_DEVICES=0");
        let shell = lines(Kind::Process, "variables.CUDA_X", Some("a 'b'"));
        assert_eq!(shell[1], r"export CUDA_X='a '\''b'\'''");
        let unset = lines(Kind::UserUnit, "variables.PYTHONHOME", None);
        assert_eq!(unset[2], "UnsetEnvironment=PYTHONHOME");
        let home = lines(Kind::Unit, "variables.PATH", Some("~/bin:/a%b"));
        assert_eq!(home[2], "Environment=\"PATH=~/bin:/a%%b\"");
        assert!(home[3].contains('~'));
        let limit = lines(
            Kind::Unit,
            "limits.locked memory",
            Some("8388608:unlimited"),
        );
        assert_eq!(limit[2], "LimitMEMLOCK=8388608:infinity");
        assert_eq!(
            lines(Kind::This, "limits.locked memory", Some("1:1")).len(),
            1
        );
    }
}
