//! The values of one quantity in a block of samples, in whichever of three ways is shortest.

use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Column {
    /// The same in every sample.
    Constant(i64),
    /// The first value, then by how much each differs from the last one before it; `null` where
    /// there is none.
    Differences(Vec<Option<i64>>),
    /// The value from sample `at[k]` (counted from 0) on.
    Changes {
        at: Vec<usize>,
        is: Vec<Option<i64>>,
    },
}

impl Column {
    /// `None` if no sample has a value.
    pub fn of(values: &[Option<i64>]) -> Option<Column> {
        let first = values.first()?;
        if values.iter().all(|value| value == first) {
            return first.map(Column::Constant);
        }
        let mut at = Vec::new();
        let mut is = Vec::new();
        let mut now = None;
        for (place, value) in values.iter().enumerate() {
            if *value != now {
                at.push(place);
                is.push(*value);
                now = *value;
            }
        }
        let changes = Column::Changes { at, is };
        let mut last = 0;
        let differences = values.iter().map(|value| {
            let value = (*value)?;
            let difference = value.wrapping_sub(last);
            last = value;
            Some(difference)
        });
        let differences = Column::Differences(differences.collect());
        Some(if changes.length() <= differences.length() {
            changes
        } else {
            differences
        })
    }

    /// About how many bytes it takes as text.
    fn length(&self) -> usize {
        let digits = |value: &Option<i64>| match value {
            None => 5,
            Some(value) => {
                let digits = value.unsigned_abs().checked_ilog10().unwrap_or(0) as usize;
                digits + 2 + usize::from(*value < 0)
            }
        };
        match self {
            Column::Constant(value) => digits(&Some(*value)),
            Column::Differences(values) => values.iter().map(digits).sum(),
            Column::Changes { at, is } => {
                let places = at.iter().map(|at| at.checked_ilog10().unwrap_or(0) + 2);
                let places: u32 = places.sum();
                14 + places as usize + is.iter().map(digits).sum::<usize>()
            }
        }
    }
}

/// Each value minus the one before it; the first as it is.
pub fn differences(values: &[i64]) -> Vec<i64> {
    let mut last = 0;
    let step = |value: &i64| {
        let difference = value.wrapping_sub(last);
        last = *value;
        difference
    };
    values.iter().map(step).collect()
}

/// Undoes [`differences`].
pub fn sums(differences: impl Iterator<Item = i64>) -> impl Iterator<Item = i64> {
    differences.scan(0_i64, |sum, difference| {
        *sum = sum.wrapping_add(difference);
        Some(*sum)
    })
}

/// By hand, since an untagged enum is read through a copy of everything in it: a day of samples
/// has millions of these.
impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Column, D::Error> {
        from.deserialize_any(ColumnVisitor)
    }
}

struct ColumnVisitor;

impl<'de> Visitor<'de> for ColumnVisitor {
    type Value = Column;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer, a list of differences, or an object with \"at\" and \"is\"")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Column, E> {
        Ok(Column::Constant(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Column, E> {
        Ok(Column::Constant(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Column, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Column::Differences(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Column, A::Error> {
        let (mut at, mut is) = (Vec::new(), Vec::new());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "at" => at = map.next_value()?,
                "is" => is = map.next_value()?,
                _ => {
                    map.next_value::<de::IgnoredAny>()?;
                }
            }
        }
        Ok(Column::Changes { at, is })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_form_is_chosen() {
        assert_eq!(Column::of(&[None, None]), None);
        assert_eq!(Column::of(&[Some(7), Some(7)]), Some(Column::Constant(7)));
        let mut late = vec![Some(1_000_000); 50];
        late[40] = Some(2_000_000);
        assert!(matches!(Column::of(&late), Some(Column::Changes { .. })));
        let busy: Vec<Option<i64>> = (0..50).map(|n| Some(1_000_000 + n * 3 % 7)).collect();
        assert!(matches!(Column::of(&busy), Some(Column::Differences(_))));
    }

    #[test]
    fn second_differences_of_a_steady_clock_are_nothing() {
        let times = [100, 110, 120, 131];
        let twice = differences(&differences(&times));
        assert_eq!(twice, [100, -90, 0, 1]);
        assert!(sums(sums(twice.into_iter())).eq(times));
    }
}
