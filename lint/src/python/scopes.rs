//! Which name stands for what at the place that is being read. After a branch that may or may not have
//! been taken, what was bound in it is unknown.

use std::collections::{HashMap, HashSet};

use super::value::Value;

#[derive(Debug, Clone)]
pub struct Binding<'a> {
    pub value: Value<'a>,
    /// How many loops were open where it was bound.
    pub loops: usize,
}

/// What happened to a name within a branch: enough to undo it.
#[derive(Debug)]
struct Change<'a> {
    frame: usize,
    name: String,
    before: Option<Binding<'a>>,
}

#[derive(Debug, Default)]
pub struct Scopes<'a> {
    /// The module's, then one for each function that is being read, the innermost last.
    frames: Vec<HashMap<String, Binding<'a>>>,
    changes: Vec<Change<'a>>,
    branches: usize,
}

/// Where a branch began.
#[derive(Debug, Clone, Copy)]
pub struct Mark(usize);

impl<'a> Scopes<'a> {
    pub fn push(&mut self) {
        self.frames.push(HashMap::new());
    }

    pub fn pop(&mut self) {
        self.frames.pop();
    }

    pub fn get(&self, name: &str) -> Option<&Binding<'a>> {
        self.frames.iter().rev().find_map(|frame| frame.get(name))
    }

    /// It is bound in the function that is being read, not only outside of it.
    pub fn is_local(&self, name: &str) -> bool {
        let functions = self.frames.get(1..).unwrap_or_default();
        functions.iter().any(|frame| frame.contains_key(name))
    }

    /// What was set of a dictionary's items, one by one.
    pub fn items(&self, name: &str) -> Vec<(&str, Value<'a>)> {
        let frame = self.frames.iter().rev().find(|it| it.contains_key(name));
        let mut items: Vec<(&str, Value<'a>)> = Vec::new();
        for (key, binding) in frame.into_iter().flatten() {
            let rest = key.strip_prefix(name).and_then(|it| it.strip_prefix('['));
            if let Some(item) = rest.and_then(|it| it.strip_suffix(']')) {
                items.push((item, binding.value.clone()));
            }
        }
        items.sort_by_key(|(item, _)| *item);
        items
    }

    pub fn bind(&mut self, name: &str, value: Value<'a>, loops: usize) {
        // What was known of its parts was known of something else.
        let parts: Vec<String> = match self.frames.last() {
            Some(frame) => frame
                .keys()
                .filter(|key| is_part_of(key, name))
                .cloned()
                .collect(),
            None => return,
        };
        for part in parts {
            self.set(&part, None);
        }
        self.set(name, Some(Binding { value, loops }));
    }

    pub fn forget(&mut self, name: &str) {
        self.bind(name, Value::Unknown, 0);
    }

    fn set(&mut self, name: &str, binding: Option<Binding<'a>>) {
        let Some(last) = self.frames.len().checked_sub(1) else {
            return;
        };
        let frame = &mut self.frames[last];
        let before = match binding {
            Some(binding) => frame.insert(name.to_owned(), binding),
            None => frame.remove(name),
        };
        if self.branches > 0 {
            self.changes.push(Change {
                frame: last,
                name: name.to_owned(),
                before,
            });
        }
    }

    pub fn enter_branch(&mut self) -> Mark {
        self.branches += 1;
        Mark(self.changes.len())
    }

    /// As it was before the branch; the names that were bound in it are handed over.
    pub fn leave_branch(&mut self, mark: Mark) -> HashSet<String> {
        let mut names = HashSet::new();
        while self.changes.len() > mark.0 {
            let Some(change) = self.changes.pop() else {
                break;
            };
            if let Some(frame) = self.frames.get_mut(change.frame) {
                match change.before {
                    Some(before) => frame.insert(change.name.clone(), before),
                    None => frame.remove(&change.name),
                };
            }
            names.insert(change.name);
        }
        self.branches = self.branches.saturating_sub(1);
        names
    }
}

/// `a.b` and `a[b]` are parts of `a`.
fn is_part_of(key: &str, name: &str) -> bool {
    key.strip_prefix(name)
        .is_some_and(|rest| rest.starts_with(['.', '[']))
}
