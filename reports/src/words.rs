//! Numbers as people read them.

/// `1 image`, `54 images`.
pub fn counted(n: usize, what: &str) -> String {
    if n == 1 {
        format!("1 {what}")
    } else {
        format!("{n} {what}s")
    }
}

/// `6.85 GiB`.
pub fn gib(bytes: u64) -> String {
    format!("{:.2} GiB", bytes as f64 / f64::from(1_u32 << 30))
}

/// Bytes in the unit that suits them: `512 MiB`, `6.85 GiB`.
pub fn size(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;
    match bytes {
        0..KIB => format!("{bytes} B"),
        KIB..MIB => format!("{:.1} KiB", bytes as f64 / KIB as f64),
        MIB..GIB => format!("{:.1} MiB", bytes as f64 / MIB as f64),
        _ => gib(bytes),
    }
}

/// A share from 0 to 1 as `98.1%`; `100%` and `0%` only where it is exactly that.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent == percent.round() {
        format!("{percent:.0}%")
    } else {
        format!("{:.1}%", percent.clamp(0.1, 99.9))
    }
}

/// Three digits that count: `0.423`, `12.3`, `318`.
pub fn number(value: f64) -> String {
    match value.abs() {
        small if small < 9.9995 => format!("{value:.3}"),
        middle if middle < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// `0.42 s`, `14.0 s`, `3 min 20 s`, `2 h 05 min`.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 10.0 => format!("{s:.2} s"),
        s if s < 100.0 => format!("{s:.1} s"),
        s if s < 3600.0 => {
            let whole = s.round() as u64;
            format!("{} min {:02} s", whole / 60, whole % 60)
        }
        s => {
            let minutes = (s / 60.0).round() as u64;
            format!("{} h {:02} min", minutes / 60, minutes % 60)
        }
    }
}

/// A command line as a shell reads it.
pub fn shell(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| in_quotes(word)).collect();
    quoted.join(" ")
}

fn in_quotes(word: &str) -> String {
    let safe = |letter: char| letter.is_ascii_alphanumeric() || "_-./=:,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(safe) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_whole_only_where_it_is() {
        assert_eq!(percent(1.0), "100%");
        assert_eq!(percent(53.0 / 54.0), "98.1%");
        assert_eq!(percent(0.9999), "99.9%");
        assert_eq!(percent(0.0), "0%");
        assert_eq!(percent(0.0001), "0.1%");
    }

    #[test]
    fn sizes_and_times_take_the_unit_that_suits_them() {
        assert_eq!(gib(7_355_199_488), "6.85 GiB");
        assert_eq!(size(512 << 20), "512.0 MiB");
        assert_eq!(
            [number(0.4231), number(12.34), number(317.9)],
            ["0.423", "12.3", "318"]
        );
        assert_eq!(duration(200.0), "3 min 20 s");
        assert_eq!(duration(7_500.0), "2 h 05 min");
        assert_eq!(counted(1, "token"), "1 token");
    }
}
