//! The tiny model with a mistake that people make, to see what is told of it.

use std::fs;
use std::io;
use std::path::Path;

use strum::{EnumString, IntoStaticStr};

/// After `tiny:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Mistake {
    /// The weights are said to be integers, where a way of quantising them was meant.
    IntegerDtype,
    /// A template of plain text, without a slot for the image.
    FlatPrompt,
}

impl Mistake {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Makes it in the folder of a tiny model.
    pub fn make(self, folder: &Path) -> io::Result<()> {
        match self {
            Mistake::IntegerDtype => {
                let path = folder.join("config.json");
                let config = fs::read_to_string(&path)?;
                fs::write(path, config.replace(r#""float32""#, r#""int8""#))
            }
            Mistake::FlatPrompt => fs::write(folder.join("chat_template.jinja"), FLAT),
        }
    }
}

const FLAT: &str = "\
{% for message in messages %}
{%- for content in message['content'] if content['type'] == 'text' %}
{{- 'USER: ' + content['text'] }}
{%- endfor %}
{%- endfor %} ASSISTANT:";
