//! Where two captures differ, ranked by how likely it is that it matters: a pure function of both.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::capture::{Capture, Subject};
use super::known::{Item, Likelihood, known};
use super::remedy::{Sides, remedy};
use super::search_path;

const SCHEMA: &str = "crashpoint.env-diff/1";
const NOT_SET: &str = "not set";
const NOT_RECORDED: &str = "set (value not recorded)";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnvDiff {
    pub schema: String,
    pub a: Subject,
    pub b: Subject,
    /// What matters most comes first.
    pub differences: Vec<Difference>,
    /// Different with every shell, session or start.
    pub harmless: Vec<Difference>,
    /// Seen on one side only, or set on both sides to values that are not recorded.
    pub not_compared: Vec<String>,
    pub not_seen: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// As in `variables.PATH` or `limits.locked memory`.
    pub field: String,
    pub likelihood: Likelihood,
    pub a: String,
    pub b: String,
    /// Why it can matter.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Lines that give B what A has; what is for people begins with a `#`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remedy: Vec<String>,
}

/// One field that is not the same, before it is ranked.
struct Raw {
    field: String,
    a: Option<String>,
    b: Option<String>,
    /// For people, where it is not just the value.
    told: Option<(String, String)>,
}

pub fn diff(a: &Capture, b: &Capture) -> EnvDiff {
    let mut not_compared = Vec::new();
    let mut raw = variables(a, b, &mut not_compared);
    raw.extend(facts(a, b, &mut not_compared));
    let fields: BTreeSet<String> = raw.iter().map(|it| it.field.clone()).collect();
    let mut ranked: Vec<(Likelihood, usize, Difference)> = Vec::new();
    let mut harmless = Vec::new();
    for it in raw {
        match known(&it.field) {
            Some((place, item)) => {
                let likelihood = raised(item, &fields);
                ranked.push((likelihood, place, it.difference(item, likelihood, &b.of)));
            }
            None => harmless.push(it.harmless()),
        }
    }
    ranked.sort_by_key(|one| (one.0, one.1));
    let sides = [("A", a), ("B", b)];
    let not_seen = sides.into_iter().flat_map(|(side, capture)| {
        let of = capture.not_seen.iter();
        of.map(move |why| format!("{side}: {why}"))
    });
    EnvDiff {
        schema: SCHEMA.to_owned(),
        a: a.of.clone(),
        b: b.of.clone(),
        differences: ranked.into_iter().map(|(.., it)| it).collect(),
        harmless,
        not_compared,
        not_seen: not_seen.collect(),
    }
}

fn raised(item: &Item, differing: &BTreeSet<String>) -> Likelihood {
    let is_raised = item
        .raised_by
        .as_ref()
        .is_some_and(|by| differing.iter().any(|field| field.starts_with(by.as_str())));
    match is_raised {
        true => Likelihood::VeryLikely,
        false => item.likelihood,
    }
}

fn variables(a: &Capture, b: &Capture, not_compared: &mut Vec<String>) -> Vec<Raw> {
    let (Some(in_a), Some(in_b)) = (&a.variables, &b.variables) else {
        if a.variables.is_some() || b.variables.is_some() {
            not_compared.push("all variables".to_owned());
        }
        return Vec::new();
    };
    let mut raw = Vec::new();
    for name in names(in_a, in_b) {
        let field = format!("variables.{name}");
        let told = |value: Option<&Option<String>>| match value {
            None => NOT_SET.to_owned(),
            Some(None) => NOT_RECORDED.to_owned(),
            Some(Some(value)) if value.is_empty() => "set, and empty".to_owned(),
            Some(Some(value)) => value.clone(),
        };
        let (one, other) = (in_a.get(name), in_b.get(name));
        let both = match (one, other) {
            (Some(Some(one)), Some(Some(other))) => {
                if search_path::is_one(name) {
                    if search_path::entries(one) == search_path::entries(other) {
                        continue;
                    }
                    Some(search_path::beside(one, other))
                } else if one == other {
                    continue;
                } else {
                    None
                }
            }
            (Some(_), Some(_)) => {
                not_compared.push(field);
                continue;
            }
            _ => None,
        };
        raw.push(Raw {
            field,
            a: one.cloned().flatten(),
            b: other.cloned().flatten(),
            told: both.or_else(|| Some((told(one), told(other)))),
        });
    }
    raw
}

fn facts(a: &Capture, b: &Capture, not_compared: &mut Vec<String>) -> Vec<Raw> {
    let (in_a, in_b) = (a.facts(), b.facts());
    let mut raw = Vec::new();
    for field in names(&in_a, &in_b) {
        match (in_a.get(field), in_b.get(field)) {
            (Some(one), Some(other)) if one == other => {}
            (Some(one), Some(other)) => raw.push(Raw {
                field: field.clone(),
                a: Some((*one).to_owned()),
                b: Some((*other).to_owned()),
                told: None,
            }),
            _ => not_compared.push(field.clone()),
        }
    }
    raw
}

fn names<'a, T>(a: &'a BTreeMap<String, T>, b: &'a BTreeMap<String, T>) -> BTreeSet<&'a String> {
    a.keys().chain(b.keys()).collect()
}

impl Raw {
    fn difference(self, item: &Item, likelihood: Likelihood, of_b: &Subject) -> Difference {
        let is_set_in_a = self.a.is_some()
            || self
                .told
                .as_ref()
                .is_some_and(|(told, _)| told == NOT_RECORDED);
        let sides = Sides {
            field: &self.field,
            a: self.a.as_deref(),
            is_set_in_a,
        };
        let remedy = remedy(of_b, item, &sides);
        Difference {
            why: item.why.clone(),
            remedy,
            likelihood,
            ..self.harmless()
        }
    }

    fn harmless(self) -> Difference {
        let (a, b) = self.told.unwrap_or_else(|| {
            let value = |value: Option<String>| value.unwrap_or_default();
            (value(self.a), value(self.b))
        });
        Difference {
            field: self.field,
            likelihood: Likelihood::Harmless,
            a,
            b,
            why: String::new(),
            remedy: Vec::new(),
        }
    }
}

impl EnvDiff {
    /// Nothing that matters is different.
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::capture::Kind;
    use super::*;

    fn capture(kind: Kind, variables: &[(&str, Option<&str>)]) -> Capture {
        let mut capture = Capture::of(Subject::new(kind, "llava.service", ""), "1");
        let named =
            |(name, value): &(&str, Option<&str>)| ((*name).to_owned(), value.map(str::to_owned));
        capture.variables = Some(variables.iter().map(named).collect());
        capture
    }

    const CONDA: &[(&str, Option<&str>)] = &[
        ("CUDA_VISIBLE_DEVICES", Some("0")),
        ("CONDA_PREFIX", Some("~/miniconda3/envs/llava")),
        ("PATH", Some("~/miniconda3/envs/llava/bin:/usr/bin:/bin")),
        ("HF_TOKEN", None),
        ("EXTRA", None),
        ("SHLVL", Some("2")),
        ("SSH_TTY", None),
    ];

    #[test]
    fn the_variables_that_a_unit_lacked_come_first() {
        let mut shell = capture(Kind::This, CONDA);
        let mut unit = capture(
            Kind::Unit,
            &[
                ("PATH", Some("/usr/bin:/bin")),
                ("INVOCATION_ID", None),
                ("HF_TOKEN", None),
            ],
        );
        let program = |path: &str| [("python".to_owned(), path.to_owned())].into();
        shell.programs = program("~/miniconda3/envs/llava/bin/python3.11");
        unit.programs = program("/usr/bin/python3.10");
        shell.limits = [("locked memory".to_owned(), "1:1".to_owned())].into();
        let found = diff(&shell, &unit);
        let fields: Vec<&str> = found
            .differences
            .iter()
            .map(|it| it.field.as_str())
            .collect();
        assert_eq!(
            fields,
            [
                "variables.CUDA_VISIBLE_DEVICES",
                "variables.PATH",
                "variables.CONDA_PREFIX",
                "programs.python",
                "variables.EXTRA",
            ]
        );
        let top = &found.differences[..3];
        assert!(top.iter().all(|it| it.likelihood == Likelihood::VeryLikely));
        assert_eq!((top[0].a.as_str(), top[0].b.as_str()), ("0", "not set"));
        assert!(
            top[0]
                .remedy
                .contains(&"Environment=CUDA_VISIBLE_DEVICES=0".to_owned())
        );
        assert!(top[1].a.starts_with("~/miniconda3/envs/llava/bin (1 of 3)"));
        assert_eq!(found.harmless.len(), 3);
        assert_eq!(
            found.not_compared,
            ["variables.HF_TOKEN", "limits.locked memory"]
        );
    }

    #[test]
    fn a_path_that_leads_to_the_same_programs_is_no_more_than_possible() {
        let a = capture(Kind::This, &[("PATH", Some("/opt/games:/usr/bin"))]);
        let b = capture(Kind::This, &[("PATH", Some("/usr/bin/:/usr/bin"))]);
        let found = diff(&a, &b);
        assert_eq!(found.differences[0].likelihood, Likelihood::Possible);
        let same = capture(Kind::This, &[("PATH", Some("/usr/bin"))]);
        assert!(diff(&b, &same).is_empty());
    }

    #[test]
    fn what_was_not_seen_is_not_taken_for_absent() {
        let a = capture(Kind::This, CONDA);
        let mut b = capture(Kind::Process, &[]);
        b.variables = None;
        b.not_seen = vec!["its variables: permission denied".into()];
        let found = diff(&a, &b);
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(found.not_compared, ["all variables"]);
        assert_eq!(found.not_seen, ["B: its variables: permission denied"]);
    }

    #[test]
    fn nothing_differs_from_itself() {
        let a = capture(Kind::This, CONDA);
        let found = diff(&a, &a);
        assert!(found.is_empty() && found.harmless.is_empty(), "{found:?}");
    }
}
