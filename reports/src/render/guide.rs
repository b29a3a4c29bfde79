//! The parts of `docs/guide.md` that are data: they stand between marks, and are what the knowledge
//! base says now.

use crate::knowledge::{self, Mistake, Topic};
use crate::verdict::Class;

const END: &str = "<!-- end of what is known -->";

/// The page with its parts renewed; an error names the mark that is not there.
pub fn guide(page: &str) -> Result<String, String> {
    let mut renewed = page.to_owned();
    for (name, part) in parts() {
        let begin = format!("<!-- known: {name} -->\n");
        let missing = || format!("the guide has no part between {begin:?} and {END:?}");
        let (before, rest) = renewed.split_once(&begin).ok_or_else(missing)?;
        let (_, after) = rest.split_once(END).ok_or_else(missing)?;
        renewed = format!("{before}{begin}{part}{END}{after}");
    }
    Ok(renewed)
}

fn parts() -> [(&'static str, String); 4] {
    [
        ("python", mistakes(Topic::Python)),
        ("model", mistakes(Topic::Model)),
        ("service", mistakes(Topic::Service)),
        ("classes", classes()),
    ]
}

fn mistakes(topic: Topic) -> String {
    let row = |mistake: &Mistake| {
        format!(
            "| `{}` | {} | {} | {} |\n",
            mistake.id,
            cell(&mistake.title),
            cell(&mistake.why),
            cell(&mistake.fix)
        )
    };
    let rows = knowledge::mistakes()
        .filter(|it| it.topic == topic)
        .map(row);
    let head =
        "\n| rule | mistake | what comes of it | what to write instead |\n|---|---|---|---|\n";
    format!("{head}{}\n", rows.collect::<String>())
}

fn classes() -> String {
    let mut table = String::new();
    let mut family = "";
    for &class in Class::ALL {
        let facts = knowledge::class(class);
        if facts.family != family {
            family = &facts.family;
            table += &format!(
                "\n### {family}\n\n| class | recognised by | what to do |\n|---|---|---|\n"
            );
        }
        table += &format!(
            "| `{class}` | {} | {} |\n",
            cell(&facts.evidence.join("; ")),
            cell(&facts.action)
        );
    }
    table + "\n"
}

/// Markdown as it is in the knowledge base, on one line of the file.
fn cell(text: &str) -> String {
    text.replace('\n', "<br>").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_marks_is_replaced_and_nothing_else() {
        let marked = |name: &str| format!("<!-- known: {name} -->\nold\n{END}\n");
        let page = ["python", "model", "service", "classes"]
            .map(marked)
            .concat();
        let renewed = guide(&format!("# Mine\n{page}the end\n")).unwrap();
        assert!(renewed.starts_with("# Mine\n") && renewed.ends_with("the end\n"));
        assert!(!renewed.contains("\nold\n"));
        assert!(renewed.contains("| `integer-dtype` |") && renewed.contains("| `gpu_oom` |"));
        assert_eq!(guide(&renewed).unwrap(), renewed);
        assert!(guide("# Mine\n").unwrap_err().contains("python"));
    }
}
