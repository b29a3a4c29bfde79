//! What `config.json` says that transformers refuses or passes over, whatever the model is.

use crashpoint_reports::knowledge::bits_and_bytes::PARAMETERS;
use crashpoint_reports::lint::Finding;
use serde_json::{Map, Value};

use super::finding;
use super::place::Place;

pub fn check(config: &Value, place: &Place<'_>, findings: &mut Vec<Finding>) {
    for section in [&[][..], &["text_config"], &["vision_config"]] {
        let values = section.iter().try_fold(config, |value, key| value.get(key));
        if let Some(values) = values {
            dtype(values, section, place, findings);
        }
    }
    if let Some(Value::Object(options)) = config.get("quantization_config") {
        quantisation(options, place, findings);
    }
}

fn dtype(values: &Value, section: &[&str], place: &Place<'_>, findings: &mut Vec<Finding>) {
    for key in ["dtype", "torch_dtype"] {
        let written = match values.get(key) {
            Some(Value::String(name)) if is_integer(name) => name.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => continue,
        };
        let line = place.line(&[section, &[key]].concat());
        let message = format!("{key} is {written}, which is no floating-point type");
        findings.extend(finding("model-integer-dtype", place, line, message));
    }
}

fn is_integer(name: &str) -> bool {
    let name = name.strip_prefix("torch.").unwrap_or(name);
    matches!(name, "int" | "long" | "short" | "bool")
        || ["int", "uint"].iter().any(|start| {
            let bits = name.strip_prefix(start);
            bits.is_some_and(|it| matches!(it, "4" | "8" | "16" | "32" | "64"))
        })
}

fn quantisation(options: &Map<String, Value>, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let method = options.get("quant_method").and_then(Value::as_str);
    let is_on = |name: &str| options.get(name) == Some(&Value::Bool(true));
    let (eight, four) = (is_on("load_in_8bit"), is_on("load_in_4bit"));
    if !(eight || four || method.is_some_and(|it| it.starts_with("bitsandbytes"))) {
        return;
    }
    let line = |key: &str| place.line(&["quantization_config", key]);
    if eight && four {
        let message = "load_in_8bit and load_in_4bit are both true".to_owned();
        findings.extend(finding(
            "model-quantisation-both",
            place,
            line("load_in_4bit"),
            message,
        ));
    }
    for key in options
        .keys()
        .filter(|key| !PARAMETERS.contains(&key.as_str()))
    {
        let message = format!("BitsAndBytesConfig has no {key}");
        findings.extend(finding(
            "model-quantisation-unknown",
            place,
            line(key),
            message,
        ));
    }
    // save_pretrained writes all of them, each at its default.
    let defaults = [
        ("bnb_4bit_compute_dtype", Value::from("float32")),
        ("bnb_4bit_quant_type", Value::from("fp4")),
        ("bnb_4bit_use_double_quant", Value::from(false)),
    ];
    for (key, default) in defaults {
        if eight && !four && options.get(key).is_some_and(|it| *it != default) {
            let message = format!("{key} with load_in_8bit, where it counts for nothing");
            findings.extend(finding(
                "model-quantisation-unused",
                place,
                line(key),
                message,
            ));
        }
    }
}
