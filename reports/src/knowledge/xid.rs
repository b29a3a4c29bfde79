//! What each Xid number means. By itself a number decides little: the first in time counts.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};

use crate::verdict::{Class, Confidence};

const TABLE: &str = include_str!("xids.tsv");
static XIDS: LazyLock<BTreeMap<u32, Xid>> = LazyLock::new(|| {
    let rows = TABLE.lines().skip(1).filter_map(row);
    rows.map(|xid| (xid.number, xid)).collect()
});

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Xid {
    #[serde(rename = "xid")]
    pub number: u32,
    pub name: &'static str,
    pub layer: Layer,
    pub usual_cause: &'static str,
    /// What else it can be; empty where nothing else is known.
    pub also: &'static str,
    /// Numbers that, seen before it on the same GPU, are the cause of which this one is the echo.
    pub follow_up_of: Vec<u32>,
    pub context_lost: Lost,
    pub action: &'static str,
    /// `None` where the number decides nothing; then there is no confidence either.
    pub class: Option<Class>,
    /// The highest that this number alone may give.
    pub confidence: Option<Confidence>,
    pub source: &'static str,
}

/// Where the fault sits by the number's own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    Application,
    Driver,
    Firmware,
    Memory,
    Pcie,
    Nvlink,
    Display,
    PowerThermal,
    Virtualisation,
    Other,
}

/// What does not survive it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    None,
    /// The contexts of one process.
    Process,
    /// Every context on the GPU.
    Gpu,
    Unknown,
}

/// `None` for a number that no source describes.
pub fn xid(number: u32) -> Option<&'static Xid> {
    XIDS.get(&number)
}

/// All of them, by number.
pub fn xids() -> impl Iterator<Item = &'static Xid> {
    XIDS.values()
}

fn row(line: &'static str) -> Option<Xid> {
    let cells: Vec<&'static str> = line.split('\t').collect();
    let &[
        number,
        name,
        layer,
        usual_cause,
        also,
        follow_up_of,
        context_lost,
        action,
        class,
        confidence,
        source,
    ] = cells.as_slice()
    else {
        return None;
    };
    let numbers = follow_up_of.split(',').filter(|cell| !cell.is_empty());
    Some(Xid {
        number: number.parse().ok()?,
        name,
        layer: word(layer)?,
        usual_cause,
        also,
        follow_up_of: numbers
            .map(|cell| cell.parse().ok())
            .collect::<Option<_>>()?,
        context_lost: word(context_lost)?,
        action,
        class: optional(class)?,
        confidence: optional(confidence)?,
        source,
    })
}

/// A name as serde writes it.
fn word<T: DeserializeOwned>(cell: &'static str) -> Option<T> {
    let cell: StrDeserializer<'static, Error> = cell.into_deserializer();
    T::deserialize(cell).ok()
}

fn optional<T: DeserializeOwned>(cell: &'static str) -> Option<Option<T>> {
    if cell.is_empty() {
        Some(None)
    } else {
        word(cell).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_no_number_stands_twice() {
        for line in TABLE.lines().skip(1) {
            assert!(row(line).is_some(), "{line}");
        }
        assert_eq!(xids().count(), TABLE.lines().count() - 1);
    }

    #[test]
    fn a_class_comes_with_a_confidence_and_a_number_with_its_facts() {
        for xid in xids() {
            assert_eq!(xid.class.is_some(), xid.confidence.is_some(), "{xid:?}");
            assert_ne!(xid.confidence, Some(Confidence::None), "{xid:?}");
            assert_ne!(xid.class, Some(Class::Unknown), "{xid:?}");
            for cell in [xid.name, xid.usual_cause, xid.action, xid.source] {
                assert!(!cell.trim().is_empty(), "{xid:?}");
            }
        }
    }

    #[test]
    fn what_a_number_follows_is_in_the_table_and_is_not_itself() {
        for xid in xids() {
            for &before in &xid.follow_up_of {
                assert_ne!(before, xid.number);
                assert!(
                    super::xid(before).is_some(),
                    "{} after {before}",
                    xid.number
                );
            }
        }
    }

    /// A wrong `certain` is the worst defect, so each one is named here.
    #[test]
    fn only_these_numbers_are_certain_by_themselves() {
        let certain = xids().filter(|xid| xid.confidence == Some(Confidence::Certain));
        let certain: Vec<u32> = certain.map(|xid| xid.number).collect();
        assert_eq!(certain, [48, 79, 95, 140, 171, 172]);
    }

    #[test]
    fn a_number_nobody_describes_is_not_made_up() {
        assert_eq!(super::xid(5), None);
        let lost = super::xid(79).unwrap();
        assert_eq!(lost.class, Some(Class::GpuFellOffBus));
        assert_eq!((lost.layer, lost.context_lost), (Layer::Pcie, Lost::Gpu));
    }
}
