//! A call with all that is known of its arguments, those of an unpacked dictionary among them.

use std::rc::Rc;

use ruff_text_size::TextRange;

use super::value::{Part, Value};

#[derive(Debug)]
pub struct Call<'a> {
    pub callee: Value<'a>,
    /// What the method is called on, as it is written: `self.model` of `self.model.to(device)`.
    pub on: Option<Rc<str>>,
    /// The name, or the last part of it, by which it is called.
    pub said: Option<&'a str>,
    pub args: Vec<Arg<'a>>,
    pub keywords: Vec<Keyword<'a>>,
    /// What was unpacked into further arguments, and is not known.
    pub unpacked: Vec<Arg<'a>>,
    pub range: TextRange,
    pub depth: usize,
}

#[derive(Debug, Clone)]
pub struct Arg<'a> {
    pub value: Value<'a>,
    /// The name that stands there, or the last part of a dotted one.
    pub said: Option<&'a str>,
    pub range: TextRange,
}

#[derive(Debug, Clone)]
pub struct Keyword<'a> {
    pub name: Rc<str>,
    pub arg: Arg<'a>,
}

impl Arg<'_> {
    fn is_inputs(&self) -> bool {
        let said = self.said.unwrap_or_default();
        let made = self.value.as_call().is_some_and(|call| {
            let last = call.root().said.unwrap_or_default().to_ascii_lowercase();
            ["processor", "tokenizer", "tok", "apply_chat_template"].contains(&last.as_str())
        });
        made || [
            "inputs",
            "model_inputs",
            "input",
            "batch",
            "encoding",
            "encoded",
            "encoded_input",
            "encodings",
            "tokens",
            "tokenized",
        ]
        .contains(&said)
    }
}

impl<'a> Call<'a> {
    /// The whole dotted name of what is called, where an import gave it.
    pub fn dotted(&self) -> Option<&str> {
        self.callee.as_name()
    }

    /// The last part of what is called.
    pub fn method(&self) -> Option<&str> {
        match &self.callee {
            Value::Name(name) => name.rsplit('.').next(),
            Value::Part(part) => part.attribute.as_deref(),
            _ => None,
        }
    }

    /// What the method is one of, where that is a value.
    pub fn receiver(&self) -> Option<&Value<'a>> {
        match &self.callee {
            Value::Part(part) => match &**part {
                Part {
                    attribute: Some(_),
                    of,
                    ..
                } => Some(of),
                _ => None,
            },
            _ => None,
        }
    }

    /// The first of a chain of calls: `load()` of `load().eval().to(device)`.
    pub fn root(&self) -> &Call<'a> {
        let mut call = self;
        while let Some(Value::Call(before)) = call.receiver() {
            call = before;
        }
        call
    }

    /// The class or module whose method it is, where it has a name: `AutoModel` of
    /// `transformers.AutoModel.from_pretrained`.
    pub fn owner(&self) -> Option<&str> {
        let (owner, _) = self.dotted()?.rsplit_once('.')?;
        Some(owner)
    }

    /// The first part of its dotted name, which is the package where it was imported.
    pub fn package(&self) -> Option<&str> {
        self.dotted()?.split('.').next()
    }

    /// It is this function or class of the package, or one of this name that nothing was imported for.
    pub fn is_of(&self, package: &str, name: &str) -> bool {
        self.dotted()
            .is_some_and(|dotted| is_of(dotted, package, name))
    }

    pub fn keyword(&self, name: &str) -> Option<&Arg<'a>> {
        let mut named = self.keywords.iter().rev();
        named.find(|it| &*it.name == name).map(|it| &it.arg)
    }

    /// By its name, or else by its place.
    pub fn argument(&self, name: &str, place: usize) -> Option<&Arg<'a>> {
        self.keyword(name).or_else(|| self.args.get(place))
    }

    /// Certainly not given.
    pub fn lacks(&self, name: &str) -> bool {
        self.unpacked.is_empty() && self.keyword(name).is_none()
    }

    /// Not given, if what a tokenizer or a processor made, which is unpacked here, holds nothing but
    /// inputs of the model.
    pub fn lacks_option(&self, name: &str) -> bool {
        self.keyword(name).is_none() && self.unpacked.iter().all(Arg::is_inputs)
    }
}

/// `transformers.pipelines.pipeline` is of `transformers`, and so is a bare `pipeline`.
pub fn is_of(dotted: &str, package: &str, name: &str) -> bool {
    match dotted.rsplit_once('.') {
        Some((path, last)) => last == name && path.split('.').next() == Some(package),
        None => dotted == name,
    }
}
