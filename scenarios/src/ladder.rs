//! The rungs of the ladder, as data: which images, how often, in how many workers.

use serde::Deserialize;
use thiserror::Error;

/// The table that ships with crashpoint.
pub const SHIPPED: &str = include_str!("ladder.toml");

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rung {
    pub name: String,
    pub title: String,
    #[serde(default)]
    pub images: Select,
    #[serde(default)]
    pub repeat: Option<u32>,
    #[serde(default)]
    pub total: Option<Total>,
    #[serde(default)]
    pub worker: Sharing,
    #[serde(default)]
    pub work: WorkKind,
    #[serde(default)]
    pub until: Option<Until>,
    #[serde(default = "yes")]
    pub climb: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Select {
    First,
    Critical,
    UpToCritical,
    #[default]
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Total {
    ImagesTotal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    Duration,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    #[default]
    Shared,
    Each,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkKind {
    #[default]
    Analyse,
    Burn,
}

#[derive(Debug, Error)]
pub enum LadderError {
    #[error("failed to read the table of rungs: {0}")]
    Parse(#[from] toml::de::Error),
    #[error("two rungs are named {0:?}: rename one of them")]
    Twice(String),
    #[error("there is no rung named {name:?}; there are: {}", known.join(", "))]
    NoSuchRung { name: String, known: Vec<String> },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    #[serde(rename = "rung")]
    pub rungs: Vec<Rung>,
}

impl Ladder {
    pub fn parse(table: &str) -> Result<Ladder, LadderError> {
        let ladder: Ladder = toml::from_str(table)?;
        for (at, rung) in ladder.rungs.iter().enumerate() {
            if ladder
                .rungs
                .iter()
                .skip(at + 1)
                .any(|other| other.name == rung.name)
            {
                return Err(LadderError::Twice(rung.name.clone()));
            }
        }
        Ok(ladder)
    }

    /// The rungs that a run takes: those of the ladder, or the named one alone.
    pub fn climb(&self, name: Option<&str>) -> Result<Vec<Rung>, LadderError> {
        let Some(name) = name else {
            return Ok(self
                .rungs
                .iter()
                .filter(|rung| rung.climb)
                .cloned()
                .collect());
        };
        match self.rungs.iter().find(|rung| rung.name == name) {
            Some(rung) => Ok(vec![rung.clone()]),
            None => Err(LadderError::NoSuchRung {
                name: name.to_owned(),
                known: self.rungs.iter().map(|rung| rung.name.clone()).collect(),
            }),
        }
    }
}

/// What a rung is applied to.
#[derive(Debug, Clone, Copy)]
pub struct Inputs {
    /// How many images the run has.
    pub images: u32,
    /// Index of the critical image, from 1.
    pub critical: u32,
    pub images_total: u32,
}

/// One case of a rung: its name and the indices of its images in the order of analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub name: String,
    pub images: Vec<u32>,
}

impl Rung {
    /// The cases of this rung, or why there are none.
    pub fn cases(&self, inputs: Inputs) -> Result<Vec<Draft>, String> {
        let Inputs {
            images,
            critical,
            images_total,
        } = inputs;
        if self.work == WorkKind::Burn {
            return Ok(vec![Draft {
                name: self.name.clone(),
                images: Vec::new(),
            }]);
        }
        if images == 0 {
            return Err("the run has no images".to_owned());
        }
        let missing = critical == 0 || critical > images;
        if missing && matches!(self.images, Select::Critical | Select::UpToCritical) {
            return Err(format!("the run has no image {critical}, only {images}"));
        }
        let chosen: Vec<u32> = match self.images {
            Select::First => vec![1],
            Select::Critical => vec![critical],
            Select::UpToCritical => (1..=critical).collect(),
            Select::All => (1..=images).collect(),
        };
        let wanted = match (self.total, self.repeat) {
            (Some(Total::ImagesTotal), _) => images_total as usize,
            (None, Some(times)) => chosen.len() * times as usize,
            (None, None) => chosen.len(),
        };
        let order: Vec<u32> = chosen.iter().copied().cycle().take(wanted).collect();
        Ok(match self.worker {
            Sharing::Shared => vec![Draft {
                name: self.name.clone(),
                images: order,
            }],
            Sharing::Each => order
                .into_iter()
                .map(|image| Draft {
                    name: format!("{}/{image}", self.name),
                    images: vec![image],
                })
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EIGHT: Inputs = Inputs {
        images: 8,
        critical: 5,
        images_total: 20,
    };

    fn images_of(name: &str, inputs: Inputs) -> Vec<Vec<u32>> {
        let ladder = Ladder::parse(SHIPPED).unwrap();
        let rung = ladder.climb(Some(name)).unwrap().remove(0);
        rung.cases(inputs)
            .unwrap()
            .into_iter()
            .map(|case| case.images)
            .collect()
    }

    #[test]
    fn the_shipped_rungs_are_what_their_titles_say() {
        assert_eq!(images_of("single", EIGHT), [[1]]);
        assert_eq!(images_of("each-alone", EIGHT).len(), 8);
        assert_eq!(images_of("fifth", EIGHT), [[1, 2, 3, 4, 5]]);
        assert_eq!(images_of("fifth-alone", EIGHT), [[5]]);
        assert_eq!(images_of("repeat", EIGHT), [[1, 1, 1, 1, 1]]);
        let long = images_of("long", EIGHT).remove(0);
        assert_eq!((long.len(), long[8], long[19]), (20, 1, 4));
    }

    #[test]
    fn the_ladder_is_all_but_the_soak() {
        let ladder = Ladder::parse(SHIPPED).unwrap();
        let names: Vec<String> = ladder
            .climb(None)
            .unwrap()
            .into_iter()
            .map(|rung| rung.name)
            .collect();
        assert_eq!(
            names,
            [
                "single",
                "each-alone",
                "fifth",
                "fifth-alone",
                "burn",
                "repeat",
                "long"
            ]
        );
    }

    #[test]
    fn a_run_without_a_fifth_image_says_so() {
        let ladder = Ladder::parse(SHIPPED).unwrap();
        let rung = ladder.climb(Some("fifth")).unwrap().remove(0);
        let error = rung.cases(Inputs { images: 3, ..EIGHT }).unwrap_err();
        assert_eq!(error, "the run has no image 5, only 3");
    }

    #[test]
    fn a_misspelt_key_or_rung_is_named() {
        let error = Ladder::parse("[[rung]]\nname='a'\ntitle='b'\nimage='first'").unwrap_err();
        assert!(error.to_string().contains("image"), "{error}");
        let error = Ladder::parse(SHIPPED)
            .unwrap()
            .climb(Some("sixth"))
            .unwrap_err();
        assert!(error.to_string().contains("fifth-alone"), "{error}");
    }
}
