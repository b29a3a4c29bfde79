//! Goes through the columns of a block sample by sample, and touches only what changes.

use std::collections::BTreeMap;

use super::column::Column;
use super::quantity::{Quantity, Set};

pub struct Cursors<'a, T> {
    /// For the first sample, and for good.
    constants: Vec<(Set<T>, i64)>,
    moving: Vec<Cursor<'a, T>>,
}

struct Cursor<'a, T> {
    set: Set<T>,
    steps: Steps<'a>,
}

enum Steps<'a> {
    Differences {
        left: std::slice::Iter<'a, Option<i64>>,
        last: i64,
    },
    Changes {
        at: &'a [usize],
        is: &'a [Option<i64>],
    },
}

impl<'a, T> Cursors<'a, T> {
    pub fn new(quantities: &[Quantity<T>], columns: &'a BTreeMap<String, Column>) -> Self {
        let mut cursors = Cursors {
            constants: Vec::new(),
            moving: Vec::new(),
        };
        for quantity in quantities {
            let set = quantity.set;
            let steps = match columns.get(quantity.name) {
                None => continue,
                Some(Column::Constant(value)) => {
                    cursors.constants.push((set, *value));
                    continue;
                }
                Some(Column::Differences(values)) => Steps::Differences {
                    left: values.iter(),
                    last: 0,
                },
                Some(Column::Changes { at, is }) => Steps::Changes { at, is },
            };
            cursors.moving.push(Cursor { set, steps });
        }
        cursors
    }

    /// Brings `to` to the sample at `place`; places come in order, from 0.
    pub fn advance(&mut self, place: usize, to: &mut T) {
        for (set, value) in &self.constants {
            set(to, Some(*value));
        }
        for cursor in &mut self.moving {
            let set = cursor.set;
            match &mut cursor.steps {
                Steps::Differences { left, last } => {
                    let difference = left.next().copied().flatten();
                    let value = difference.map(|difference| {
                        *last = last.wrapping_add(difference);
                        *last
                    });
                    set(to, value);
                }
                Steps::Changes { at, is } => {
                    while let ([first, later @ ..], [value, values @ ..]) = (*at, *is)
                        && *first <= place
                    {
                        set(to, *value);
                        (*at, *is) = (later, values);
                    }
                }
            }
        }
    }
}
