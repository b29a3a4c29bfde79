//! The order of the rows of queries and keys.
//!
//! llama.cpp turns neighbouring values of a head by its rotary embedding, transformers and candle
//! those half a head apart. So llama.cpp's converter puts the rows of each head's halves in turns.

/// Puts the rows back. They are moved whole, so that it does not matter how they are quantised.
pub fn unpermute(bytes: &[u8], rows: usize, heads: usize) -> Vec<u8> {
    let row = bytes.len() / rows.max(1);
    let dim = rows / heads.max(1);
    let mut put_back = Vec::with_capacity(bytes.len());
    for first in (0..rows).step_by(dim.max(1)) {
        for half in 0..2 {
            for index in 0..dim / 2 {
                let from = (first + 2 * index + half) * row;
                put_back.extend_from_slice(&bytes[from..from + row]);
            }
        }
    }
    put_back
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_heads_halves_stand_one_after_the_other_again() {
        // Two heads of four rows, each row two bytes.
        let rows = [0, 2, 1, 3, 4, 6, 5, 7];
        let permuted: Vec<u8> = rows.into_iter().flat_map(|row| [row, row + 10]).collect();
        let put_back = unpermute(&permuted, 8, 2);
        let wanted: Vec<u8> = (0..8).flat_map(|row| [row, row + 10]).collect();
        assert_eq!(put_back, wanted);
    }
}
