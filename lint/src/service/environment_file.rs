//! `.env`: assignments, one a line. Who reads it is open, so only what is wrong for every reader is
//! said.

use super::finding::Findings;
use super::variable::{self, Variable};

pub fn lint(text: &str, findings: &mut Findings<'_>) {
    let variables = variables(text);
    let because = super::evidence::of_variables(&variables).map(|it| it.because);
    variable::check(&variables, because.as_deref(), findings);
    variable::contradictions(&variables, findings);
}

fn variables(text: &str) -> Vec<Variable> {
    text.lines()
        .zip(1_u32..)
        .filter_map(|(line, number)| {
            let line = line.trim();
            if line.starts_with('#') {
                return None;
            }
            let line = line.strip_prefix("export ").unwrap_or(line);
            let (name, value) = line.split_once('=')?;
            let value = unquoted(value.trim());
            Some(Variable {
                name: name.trim().to_owned(),
                literal: !value.contains('$'),
                value,
                lines: number..=number,
            })
        })
        .collect()
}

fn unquoted(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote)
            && let Some((inside, _)) = rest.split_once(quote)
        {
            return inside.to_owned();
        }
    }
    let end = value.find(" #").unwrap_or(value.len());
    value[..end].trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_comments_are_not_the_value() {
        let read = variables("# A=0\nA=\"0,1\" # both\nexport B='c d'\nC=0 # one\nD=$E\nno\n");
        let values: Vec<_> = read
            .iter()
            .map(|it| (it.name.as_str(), it.value.as_str(), it.literal))
            .collect();
        assert_eq!(
            values,
            [
                ("A", "0,1", true),
                ("B", "c d", true),
                ("C", "0", true),
                ("D", "$E", false)
            ]
        );
    }
}
