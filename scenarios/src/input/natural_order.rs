//! The order in which people number things: `page2` before `page10`.

use std::cmp::Ordering;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Compares names with runs of digits as whole numbers of any length; names that differ only
/// in leading zeros are told apart by their bytes, so that the order is total.
pub fn compare(a: &Path, b: &Path) -> Ordering {
    let (left, right) = (a.as_os_str().as_bytes(), b.as_os_str().as_bytes());
    compare_parts(left, right).then_with(|| left.cmp(right))
}

fn compare_parts(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        let ((number_a, rest_a), (number_b, rest_b)) = (split_number(a), split_number(b));
        let order = match (number_a, number_b) {
            (Some(x), Some(y)) => {
                (a, b) = (rest_a, rest_b);
                x.len().cmp(&y.len()).then_with(|| x.cmp(y))
            }
            _ => match (a.split_first(), b.split_first()) {
                (Some((x, after_a)), Some((y, after_b))) => {
                    (a, b) = (after_a, after_b);
                    x.cmp(y)
                }
                (x, y) => return x.is_some().cmp(&y.is_some()),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// The number that a text begins with, less leading zeros, and what follows it.
fn split_number(text: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    if end == 0 {
        return (None, text);
    }
    let (digits, rest) = text.split_at(end);
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    (Some(&digits[zeros..]), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_as_numbers() {
        let sorted = [
            "",
            "1",
            "01",
            "2",
            "10",
            "a",
            "page",
            "page1.png",
            "page2.png",
            "page2b.png",
            "page10.png",
            "page18446744073709551617.png",
            "page18446744073709551618.png",
            "x/2/b",
            "x/10/a",
        ];
        for pair in sorted.windows(2) {
            // "1" and "01" are the same number: their bytes decide.
            let wanted = if pair == ["1", "01"] {
                Ordering::Greater
            } else {
                Ordering::Less
            };
            assert_eq!(
                compare(pair[0].as_ref(), pair[1].as_ref()),
                wanted,
                "{pair:?}"
            );
        }
    }
}
