//! What an expression stands for, as far as one file says it.

use std::rc::Rc;

use ruff_text_size::TextRange;

use super::call::Call;

/// A value that is made of values that are made of values; more is of no use to any rule.
const DEEPEST: usize = 24;
/// Of a list or a dictionary.
pub const MOST_ITEMS: usize = 256;

#[derive(Debug, Clone, Default)]
pub enum Value<'a> {
    #[default]
    Unknown,
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Text),
    /// What an import, or nothing in this file, gave this dotted name.
    Name(Rc<str>),
    List(Rc<List<'a>>),
    Dict(Rc<Dict<'a>>),
    Call(Rc<Call<'a>>),
    Part(Rc<Part<'a>>),
}

#[derive(Debug, Clone)]
pub struct Text {
    /// With `{}` where something unknown stands.
    pub text: Rc<str>,
    /// Nothing in it is unknown.
    pub whole: bool,
}

/// A list, a tuple or a set.
#[derive(Debug)]
pub struct List<'a> {
    pub items: Vec<Value<'a>>,
    /// There are no further items.
    pub whole: bool,
    depth: usize,
}

#[derive(Debug)]
pub struct Dict<'a> {
    pub entries: Vec<Entry<'a>>,
    /// There are no further entries.
    pub whole: bool,
    depth: usize,
}

#[derive(Debug, Clone)]
pub struct Entry<'a> {
    pub key: Value<'a>,
    pub value: Value<'a>,
    pub range: TextRange,
}

/// An attribute or an item of something.
#[derive(Debug)]
pub struct Part<'a> {
    pub of: Value<'a>,
    /// `None` for an item.
    pub attribute: Option<Rc<str>>,
    depth: usize,
}

impl<'a> Value<'a> {
    pub fn name(name: &str) -> Value<'a> {
        Value::Name(name.into())
    }

    pub fn text(text: &str, whole: bool) -> Value<'a> {
        let text = text.into();
        Value::Text(Text { text, whole })
    }

    pub fn list(mut items: Vec<Value<'a>>, whole: bool) -> Value<'a> {
        let depth = deepest(items.iter());
        let whole = whole && items.len() <= MOST_ITEMS;
        items.truncate(MOST_ITEMS);
        bounded(depth, || {
            Value::List(Rc::new(List {
                items,
                whole,
                depth,
            }))
        })
    }

    pub fn dict(mut entries: Vec<Entry<'a>>, whole: bool) -> Value<'a> {
        let depth = deepest(entries.iter().flat_map(|it| [&it.key, &it.value]));
        let whole = whole && entries.len() <= MOST_ITEMS;
        entries.truncate(MOST_ITEMS);
        bounded(depth, || {
            Value::Dict(Rc::new(Dict {
                entries,
                whole,
                depth,
            }))
        })
    }

    pub fn part(of: Value<'a>, attribute: Option<&str>) -> Value<'a> {
        if matches!(of, Value::Unknown) {
            return Value::Unknown;
        }
        let depth = of.depth() + 1;
        let attribute = attribute.map(Into::into);
        bounded(depth, || {
            Value::Part(Rc::new(Part {
                of,
                attribute,
                depth,
            }))
        })
    }

    pub fn call(call: Rc<Call<'a>>) -> Value<'a> {
        bounded(call.depth, || Value::Call(call))
    }

    pub fn depth(&self) -> usize {
        match self {
            Value::List(list) => list.depth,
            Value::Dict(dict) => dict.depth,
            Value::Call(call) => call.depth,
            Value::Part(part) => part.depth,
            _ => 0,
        }
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Value::Unknown)
    }

    pub fn is_true(&self) -> bool {
        matches!(self, Value::Bool(true))
    }

    /// Dotted, as in `torch.int8`.
    pub fn as_name(&self) -> Option<&str> {
        match self {
            Value::Name(name) => Some(name),
            _ => None,
        }
    }

    /// Only what is known to its last letter.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) if text.whole => Some(&text.text),
            _ => None,
        }
    }

    pub fn as_number(&self) -> Option<f64> {
        match self {
            Value::Int(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&List<'a>> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    pub fn as_dict(&self) -> Option<&Dict<'a>> {
        match self {
            Value::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    pub fn as_call(&self) -> Option<&Rc<Call<'a>>> {
        match self {
            Value::Call(call) => Some(call),
            _ => None,
        }
    }
}

impl<'a> Dict<'a> {
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        let mut named = self.entries.iter().rev();
        let entry = named.find(|entry| entry.key.as_text() == Some(key))?;
        Some(&entry.value)
    }
}

pub fn deepest<'v, 'a: 'v>(values: impl Iterator<Item = &'v Value<'a>>) -> usize {
    1 + values.map(Value::depth).max().unwrap_or(0)
}

fn bounded<'a>(depth: usize, make: impl FnOnce() -> Value<'a>) -> Value<'a> {
    if depth > DEEPEST {
        Value::Unknown
    } else {
        make()
    }
}
