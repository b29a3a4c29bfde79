//! What a value of `CUDA_VISIBLE_DEVICES` selects, as the driver reads it: entry by entry up to the
//! first that is none, and nothing at all if one comes twice.

#[derive(Debug, PartialEq, Eq)]
pub enum Selection {
    Indices(Vec<u32>),
    /// UUIDs, which only the machine can judge.
    Names,
    /// Nothing, as it is usually asked for.
    Hidden,
    Nothing {
        because: String,
    },
    Cut {
        kept: String,
        because: String,
    },
}

pub fn select(value: &str) -> Selection {
    let value = value.trim();
    if matches!(value, "" | "-1" | "NoDevFiles") {
        return Selection::Hidden;
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut indices = Vec::new();
    for entry in value.split(',').map(str::trim) {
        let index = entry
            .parse::<u32>()
            .ok()
            .filter(|_| !entry.starts_with('+'));
        if index.is_none() && !["GPU-", "MIG-"].iter().any(|it| entry.starts_with(it)) {
            let because = because(entry);
            return match kept.is_empty() {
                true => Selection::Nothing { because },
                false => Selection::Cut {
                    kept: kept.join(","),
                    because,
                },
            };
        }
        if kept.contains(&entry) {
            let because = format!("{entry} comes twice");
            return Selection::Nothing { because };
        }
        kept.push(entry);
        indices.extend(index);
        if kept.len() > 1024 {
            return Selection::Names;
        }
    }
    match indices.len() == kept.len() {
        true => Selection::Indices(indices),
        false => Selection::Names,
    }
}

fn because(entry: &str) -> String {
    match entry {
        "" => "the list ends at the empty entry".to_owned(),
        "all" => {
            "\"all\" is a word of NVIDIA_VISIBLE_DEVICES; without the variable every GPU is seen"
                .to_owned()
        }
        _ if entry.contains(['"', '\'']) => format!("the quotes are part of the value {entry}"),
        _ if entry.starts_with('-') => format!("the list ends at {entry}"),
        _ => format!("{entry:?} is neither an index nor a UUID, and the list ends there"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_counts_up_to_its_first_entry_that_is_none() {
        let cut = |value: &str| match select(value) {
            Selection::Cut { kept, .. } => kept,
            other => panic!("{value}: {other:?}"),
        };
        assert_eq!(cut("0,1,-1,2"), "0,1");
        assert_eq!(cut("0,a"), "0");
        assert_eq!(cut("0,1,"), "0,1");
        for value in [
            "all", "cuda:0", "\"0\"", "none", "0,0", "gpu0", ",0", "0;1", "+1",
        ] {
            let selected = select(value);
            assert!(
                matches!(selected, Selection::Nothing { .. }),
                "{value}: {selected:?}"
            );
        }
        for value in ["", "-1", " "] {
            assert_eq!(select(value), Selection::Hidden, "{value:?}");
        }
        assert_eq!(select("0, 2"), Selection::Indices(vec![0, 2]));
        assert_eq!(select("GPU-8f2a,1"), Selection::Names);
    }
}
