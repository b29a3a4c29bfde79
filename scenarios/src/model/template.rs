//! The chat template: a structured conversation in, the prompt's text out.

use std::path::PathBuf;

use minijinja::{Environment, Error, ErrorKind, Value, context};
use serde::Deserialize;
use serde_json::json;

use super::ModelError;
use super::folder::Folder;

#[derive(Debug)]
pub struct Template {
    environment: Environment<'static>,
    path: PathBuf,
}

const JINJA: &str = "chat_template.jinja";
const JSON: &str = "chat_template.json";
const TOKENIZER: &str = "tokenizer_config.json";
/// Of a template, each at least an instruction: a conversation's takes some hundred. Whoever made the
/// checkpoint wrote it, so it must come to an end.
const MOST_STEPS: u64 = 200_000;
const NAME: &str = "chat";

#[derive(Deserialize)]
struct File {
    chat_template: Option<Templates>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Templates {
    One(String),
    Named(Vec<Named>),
}

#[derive(Deserialize)]
struct Named {
    name: String,
    template: String,
}

impl Templates {
    fn default(self) -> Option<String> {
        match self {
            Templates::One(template) => Some(template),
            Templates::Named(templates) => templates
                .into_iter()
                .find(|named| named.name == "default")
                .map(|named| named.template),
        }
    }
}

impl Template {
    /// From a file of its own, or else from the tokenizer's configuration.
    pub fn read(folder: &Folder) -> Result<Template, ModelError> {
        if let Some(text) = folder.text(JINJA)? {
            return Template::new(&text, folder.file(JINJA));
        }
        for name in [JSON, TOKENIZER] {
            let file: Option<File> = folder.json(name)?;
            let template = file
                .and_then(|file| file.chat_template)
                .and_then(Templates::default);
            if let Some(text) = template {
                return Template::new(&text, folder.file(name));
            }
        }
        Err(folder.missing(JINJA, "without a chat template no prompt can be made: fetch it from where the model came from"))
    }

    /// `path` is for messages.
    pub fn new(text: &str, path: PathBuf) -> Result<Template, ModelError> {
        let mut environment = Environment::new();
        // As transformers sets up Jinja.
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_fuel(Some(MOST_STEPS));
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |why: String| -> Result<Value, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, why))
        });
        match environment.add_template_owned(NAME, without_generation_marks(text)) {
            Ok(()) => Ok(Template { environment, path }),
            Err(error) => Err(ModelError::Template {
                path,
                what: in_one_line(&error),
            }),
        }
    }

    pub fn path(&self) -> &PathBuf {
        &self.path
    }

    /// One user's turn with `images` image slots and the question, and the answer's beginning.
    pub fn render(
        &self,
        question: &str,
        images: usize,
        bos: &str,
        eos: &str,
    ) -> Result<String, ModelError> {
        let mut content = vec![json!({ "type": "image" }); images];
        content.push(json!({ "type": "text", "text": question }));
        let messages = json!([{ "role": "user", "content": content }]);
        self.environment
            .get_template(NAME)
            .and_then(|template| {
                template.render(context! {
                    messages => Value::from_serialize(messages),
                    add_generation_prompt => true,
                    bos_token => bos,
                    eos_token => eos,
                })
            })
            .map_err(|error| ModelError::Template {
                path: self.path.clone(),
                what: in_one_line(&error),
            })
    }
}

/// `{% generation %}` marks what training learns from. It means nothing here, and is no Jinja.
fn without_generation_marks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{%") {
        let Some(length) = rest[start..].find("%}") else {
            break;
        };
        let tag = &rest[start..start + length];
        let keyword = tag
            .trim_start_matches(['{', '%'])
            .trim_matches(['-', '+', ' ', '\n']);
        out.push_str(&rest[..start]);
        out.push_str(&match keyword {
            "generation" => tag.replace("generation", "if true"),
            "endgeneration" => tag.replace("endgeneration", "endif"),
            _ => tag.to_owned(),
        });
        rest = &rest[start + length..];
    }
    out + rest
}

fn in_one_line(error: &Error) -> String {
    error
        .to_string()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(template: &str) -> Result<String, ModelError> {
        Template::new(template, "template".into())?.render("What is this?", 2, "<s>", "</s>")
    }

    #[test]
    fn what_llava_checkpoints_use_is_rendered() {
        let template = "{% for message in messages %}{% if message['role'] != 'system' %}{{ message['role'].upper() + ': ' }}{% endif %}\
            {# images first #}{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}\
            {% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{% generation %}{{ content['text'] + ' ' }}{% endgeneration %}{% endfor %}\
            {% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}";
        let prompt = render(template).unwrap();
        assert_eq!(prompt, "USER: <image>\n<image>\nWhat is this? ASSISTANT:");
    }

    #[test]
    fn block_lines_leave_no_trace() {
        let prompt = render(
            "{{ bos_token }}\n{% for message in messages %}\n  {% if true %}\nturn\n  {% endif %}\n{% endfor %}\n",
        );
        assert_eq!(prompt.unwrap(), "<s>\nturn\n");
    }

    #[test]
    fn a_failing_template_says_why() {
        for (template, why) in [
            ("{% for %}", "syntax error"),
            (
                "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
                "fuel",
            ),
            ("{{ raise_exception('no system role') }}", "no system role"),
            (
                "{{ messages[0].content.no_such_method() }}",
                "no_such_method",
            ),
        ] {
            let failed = render(template).unwrap_err().to_string();
            assert!(failed.contains(why), "{failed}");
        }
    }
}
