//! One page of HTML in one file: no script, nothing from the network, light and dark, fit for a phone
//! and for paper.

use maud::{Markup, html};

use super::escape::plain;
use super::frame::frame;

/// Foreign text is cut here.
const LONGEST: usize = 400;

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #c62828; --dim: #888; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { text-align: left; padding: .3rem .8rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td { overflow-wrap: anywhere; min-width: 6rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .dim { color: var(--dim); }
svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: currentColor; }
@media (prefers-color-scheme: dark) { :root { --good: #4cc267; --bad: #ff7b72; } }
@media print { body { margin: 0; max-width: none; } table { display: table; } }
";

/// A name or a line that came from a run: maud escapes what HTML would obey, and this what a terminal would.
pub fn shown(foreign: &str) -> String {
    plain(foreign, LONGEST)
}

/// Whatever is written in `body` by maud's braces is escaped.
pub fn sheet(title: &str, body: &Markup) -> String {
    frame(title, STYLE, None, &html! { main { (body) } })
}
