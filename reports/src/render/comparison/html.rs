//! In a browser, or printed.

use maud::html;

use super::super::sheet::{sheet, shown};
use super::{differences, table};
use crate::compare::Comparison;

pub fn html(comparison: &Comparison) -> String {
    let body = html! {
        h1 { "Before and after" }
        p { strong { (shown(&comparison.headline)) } }
        table {
            thead { tr { th scope="col" { "" } th scope="col" { "before" } th scope="col" { "after" } th scope="col" { "change" } } }
            tbody {
                tr { th scope="row" { "run" } td { (shown(&comparison.before.run)) } td { (shown(&comparison.after.run)) } td { "" } }
                @for row in table(comparison) {
                    @let [name, before, after, change] = &row;
                    tr { th scope="row" { (shown(name)) } td { (shown(before)) } td { (shown(after)) } td { (shown(change)) } }
                }
            }
        }
        @for (heading, list) in differences(comparison) {
            h2 { (heading) }
            @if list.is_empty() { p { "The same." } }
            @else {
                table {
                    thead { tr { th scope="col" { "field" } th scope="col" { "before" } th scope="col" { "after" } } }
                    tbody {
                        @for difference in list {
                            tr {
                                th scope="row" { (shown(&difference.field)) }
                                td { (shown(difference.before.as_deref().unwrap_or("-"))) }
                                td { (shown(difference.after.as_deref().unwrap_or("-"))) }
                            }
                        }
                    }
                }
            }
        }
    };
    sheet("crashpoint: before and after", &body)
}
