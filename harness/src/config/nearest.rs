//! What somebody may have meant by a name that nothing has.

/// How much alike two names must be for one to be offered for the other, from 0 to 1.
const ALIKE: f64 = 0.8;

/// `; did you mean keep-going?`, or nothing.
pub fn did_you_mean<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    // A file's words and the command line's differ by this most often.
    let typed = typed.replace('_', "-");
    let alike = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&name.replace('_', "-"), &typed), name))
        .filter(|(score, _)| *score >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    alike.map_or_else(String::new, |(_, name)| format!("; did you mean {name}?"))
}
