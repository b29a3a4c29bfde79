//! Logs in which every line is a JSON object around the text: container runtimes, journald, loggers.

use serde_json::{Map, Value};

use super::Source;

pub struct Opened {
    pub source: Option<Source>,
    /// One line or several.
    pub text: String,
}

/// Where the text stands, by the habits of Docker, loguru, structlog, zap and journald.
const TEXT: [&str; 5] = ["log", "message", "msg", "MESSAGE", "text"];
/// What may stand beside it and says more.
const MORE: [&str; 7] = [
    "error",
    "err",
    "exc_info",
    "exception",
    "traceback",
    "stack",
    "stacktrace",
];

/// `None` where it is no envelope.
pub fn opened(line: &str) -> Option<Opened> {
    let line = line.trim();
    if !(line.starts_with('{') && line.ends_with('}')) {
        return None;
    }
    let fields: Map<String, Value> = serde_json::from_str(line).ok()?;
    let mut text = TEXT.iter().find_map(|name| words(fields.get(*name)?))?;
    for more in MORE.iter().filter_map(|name| words(fields.get(*name)?)) {
        text.push('\n');
        text.push_str(&more);
    }
    let field = |name: &str| fields.get(name).and_then(Value::as_str);
    let source = match (field("stream"), field("_TRANSPORT")) {
        (Some("stdout"), _) => Some(Source::Stdout),
        (Some("stderr"), _) => Some(Source::Stderr),
        (_, Some("kernel")) => Some(Source::KernelLog),
        _ => field("SYSLOG_IDENTIFIER")
            .filter(|name| super::prefix::is_service(name))
            .map(|_| Source::ServiceLog),
    };
    // The name of a service is a part of what it says, as in the journal's own lines.
    if let (Some(Source::ServiceLog), Some(name)) = (source, field("SYSLOG_IDENTIFIER")) {
        text = format!("{name}: {text}");
    }
    Some(Opened { source, text })
}

/// A text, or the bytes of one that is no UTF-8, as journald writes it.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(bytes) => {
            let bytes = bytes.iter().map(|it| u8::try_from(it.as_u64()?).ok());
            let bytes: Vec<u8> = bytes.collect::<Option<_>>()?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => None,
    }
}
