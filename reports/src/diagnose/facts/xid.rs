//! The head and the text of an Xid line, in all the shapes that drivers have printed it.

use std::sync::LazyLock;

use regex::Regex;

static LINE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"Xid ?\((?:PCI:)?([0-9A-Fa-f:.]+)[^)]*\): ?(\d+)(.*)").ok());
static PROCESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"pid='?(\d+)'?(?:, ?name=([^,]{0,15}))?").ok());
static CAUSED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"caused by previous Xid (\d+)").ok());
static TIME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\[ *(\d+\.\d+)\]").ok());

#[derive(Debug, Clone, PartialEq)]
pub struct XidLine {
    /// Where the GPU sits: the driver's own address of it.
    pub gpu: String,
    pub number: u32,
    /// Who was named, which is not always who is to blame.
    pub pid: Option<i32>,
    pub name: Option<String>,
    /// Since boot, where the line has its time.
    pub seconds: Option<f64>,
    /// The number that the driver itself says came first.
    pub caused_by: Option<u32>,
    pub text: String,
}

pub fn parse(line: &str) -> Option<XidLine> {
    let found = LINE.as_ref()?.captures(line)?;
    let rest = found.get(3).map_or("", |it| it.as_str());
    let process = PROCESS.as_ref()?.captures(rest);
    let number = |regex: &LazyLock<Option<Regex>>, text: &str| {
        let found = regex.as_ref()?.captures(text)?;
        found.get(1).map(|it| it.as_str().to_owned())
    };
    Some(XidLine {
        gpu: found.get(1)?.as_str().to_ascii_lowercase(),
        number: found.get(2)?.as_str().parse().ok()?,
        pid: process
            .as_ref()
            .and_then(|it| it.get(1)?.as_str().parse().ok()),
        name: process
            .as_ref()
            .and_then(|it| Some(it.get(2)?.as_str().to_owned())),
        seconds: number(&TIME, line.trim_start()).and_then(|it| it.parse().ok()),
        caused_by: number(&CAUSED, rest).and_then(|it| it.parse().ok()),
        text: rest.trim_start_matches([',', ' ']).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_the_head_is_read() {
        for (line, gpu, number, pid) in [
            ("NVRM: Xid (0003:00): 13, Ch 00000001", "0003:00", 13, None),
            (
                "NVRM: Xid (0000:3b:00): 8, Channel 00000001",
                "0000:3b:00",
                8,
                None,
            ),
            (
                "[   12.5] NVRM: Xid (PCI:0000:3B:00): 31, pid=77, Ch 00000008, intr 0",
                "0000:3b:00",
                31,
                Some(77),
            ),
            (
                "NVRM: Xid (PCI:0000:3b:00 GPU-I:05 GPU-CI:00): 43, pid=5, name=a b, Ch 1",
                "0000:3b:00",
                43,
                Some(5),
            ),
            (
                "NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.",
                "0000:3b:00",
                79,
                None,
            ),
        ] {
            let read = parse(line).unwrap();
            assert_eq!(
                (read.gpu.as_str(), read.number, read.pid),
                (gpu, number, pid),
                "{line}"
            );
        }
        assert_eq!(parse("SXid of nothing"), None);
    }

    #[test]
    fn a_follow_up_names_what_it_follows() {
        let read = parse("[   99.25] NVRM: Xid (PCI:0000:01:00): 45, pid=1, name=x, Ch 0 caused by previous Xid 31").unwrap();
        assert_eq!((read.caused_by, read.seconds), (Some(31), Some(99.25)));
    }
}
