//! What a tokenizer has padded.

use super::{Lengths, Padded};
use crate::Error;
use crate::dim::{Dim, Ragged};
use crate::shape::{Described, Shape};
use crate::tensor::{Create, Index};

/// The side on which a tokenizer pads.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Left,
    Right,
}

impl<B: Dim, D: Dim, V: Dim> Padded<B, Ragged<D>, Index<V>> {
    /// What a tokenizer has padded on the right: ids, and a mask that is 1 where they are of the text and 0 where they are padding,
    /// both row-major.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; Vocab = 100; }
    /// let ids = [5, 6, 7, 8, 0, 0];
    /// let padded = Padded::from_mask((Batch, Ragged(Seq)), Vocab, &ids, &[1, 1, 1, 1, 0, 0])?;
    /// assert_eq!(padded.lengths.as_slice(), [3, 1]);
    ///
    /// let error = Padded::from_mask((Batch, Ragged(Seq)), Vocab, &[5, 6, 7, 0, 0, 8], &[1, 1, 1, 0, 0, 1]).unwrap_err();
    /// let message = "the mask of sequence 1 is 0 at 0 and 1 at 2: padding on the left is moved behind by `Padded::from_left_padded`";
    /// assert_eq!(error.to_string(), message);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// There is not an id and a number of the mask for each position, an id is past the table, the mask has another number than 0 and
    /// 1, or a row of it is not ones and then zeros.
    #[doc(alias = "attention_mask")]
    pub fn from_mask(shape: (B, Ragged<D>), table: V, ids: &[u32], mask: &[u32]) -> Result<Self, Error> {
        tokenized(shape, table, ids, mask, Side::Right)
    }

    /// As [`from_mask`](Self::from_mask), of what a tokenizer has padded on the left: each text is moved to the begin of its row, so
    /// that its positions count from 0, and the padding behind it.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; Vocab = 100; }
    /// let padded = Padded::from_left_padded((Batch, Ragged(Seq)), Vocab, &[5, 6, 7, 0, 8, 9], &[1, 1, 1, 0, 1, 1])?;
    /// assert_eq!(padded.values.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [5, 6, 7, 8, 9, 0]);
    /// assert_eq!(padded.lengths.as_slice(), [3, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_mask`](Self::from_mask), but that a row of the mask is to be zeros and then ones.
    pub fn from_left_padded(shape: (B, Ragged<D>), table: V, ids: &[u32], mask: &[u32]) -> Result<Self, Error> {
        tokenized(shape, table, ids, mask, Side::Left)
    }
}

fn tokenized<B: Dim, D: Dim, V: Dim>(
    shape: (B, Ragged<D>),
    table: V,
    ids: &[u32],
    mask: &[u32],
    side: Side,
) -> Result<Padded<B, Ragged<D>, Index<V>>, Error> {
    let (expected, (batch, length)) = (shape.elements(), shape);
    if let Some(found) = [ids.len(), mask.len()].into_iter().find(|found| *found != expected) {
        return Err(Error::ElementCount { shape: Described::new(shape).to_string(), expected, found });
    }
    let (mut values, mut lengths) = (Vec::with_capacity(expected), Vec::with_capacity(batch.size()));
    for sequence in 0..batch.size() {
        let row = sequence * length.size()..(sequence + 1) * length.size();
        let (ids, mask) = (&ids[row.clone()], &mask[row]);
        if let Some(position) = mask.iter().position(|valid| *valid > 1) {
            return Err(Error::MaskNumber { sequence, position, found: mask[position] });
        }
        // Where the mask changes to what must not follow.
        let (first, then) = if side == Side::Right { (0, 1) } else { (1, 0) };
        let start = mask.iter().position(|valid| *valid == first).unwrap_or(mask.len());
        if let Some(after) = mask[start..].iter().position(|valid| *valid == then) {
            let [zero, one] = if side == Side::Right { [start, start + after] } else { [start + after, start] };
            return Err(Error::PaddingPlace { sequence, zero, one });
        }
        let checked = ids.iter().enumerate().map(|(at, id)| Index::checked(table, *id, &[sequence, at]));
        let mut checked = checked.collect::<Result<Vec<_>, _>>()?;
        let valid = mask.iter().filter(|valid| **valid == 1).count();
        if side == Side::Left {
            checked.rotate_right(valid);
        }
        values.extend(checked);
        lengths.push(valid);
    }
    Ok(Padded { values: Create::from_vec(shape, values)?, lengths: Lengths::new(batch, length, &lengths)? })
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    dims! { Batch = 2; Seq = 4; Vocab = 100; }

    fn right(mask: [u32; 8]) -> Result<Vec<usize>, String> {
        let padded = Padded::from_mask((Batch, Ragged(Seq)), Vocab, &[1, 2, 3, 4, 5, 6, 7, 8], &mask);
        padded.map(|padded| padded.lengths.as_slice().to_vec()).map_err(|error| error.to_string())
    }

    fn left(mask: [u32; 8]) -> Result<(Vec<u32>, Vec<usize>), String> {
        let padded = Padded::from_left_padded((Batch, Ragged(Seq)), Vocab, &[1, 2, 3, 4, 5, 6, 7, 8], &mask);
        let parts = |padded: Padded<_, _, Index<Vocab>>| {
            let ids = padded.values.to_vec().into_iter().map(Index::get).collect();
            (ids, padded.lengths.as_slice().to_vec())
        };
        padded.map(parts).map_err(|error| error.to_string())
    }

    #[test]
    fn padding_stands_where_it_is_said_to() {
        assert_eq!(right([1, 1, 1, 1, 1, 0, 0, 0]), Ok(vec![4, 1]));
        assert_eq!(right([0, 0, 0, 0, 1, 1, 0, 0]), Ok(vec![0, 2]));
        assert!(
            right([1, 1, 1, 1, 0, 1, 1, 1]).unwrap_err().starts_with("the mask of sequence 1 is 0 at 0 and 1 at 1")
        );
        assert!(
            right([1, 0, 1, 0, 0, 0, 0, 0]).unwrap_err().starts_with("the mask of sequence 0 is 0 at 1 and 1 at 2")
        );
        let message = "the mask of sequence 0 is 7 at 1, expected 0 or 1";
        assert_eq!(right([1, 7, 0, 0, 0, 0, 0, 0]).unwrap_err(), message);
        assert_eq!(left([0, 0, 1, 1, 1, 1, 1, 1]), Ok((vec![3, 4, 1, 2, 5, 6, 7, 8], vec![2, 4])));
        assert_eq!(left([0; 8]).unwrap().1, [0, 0]);
        assert!(left([1, 0, 0, 0, 1, 1, 1, 1]).unwrap_err().starts_with("the mask of sequence 0 is 1 at 0 and 0 at 1"));
        assert!(left([0, 1, 0, 1, 1, 1, 1, 1]).unwrap_err().starts_with("the mask of sequence 0 is 1 at 1 and 0 at 2"));
        let error = Padded::from_mask((Batch, Ragged(Seq)), Vocab, &[1], &[1; 8]).unwrap_err();
        assert_eq!(error.to_string(), "(Batch = 2, Ragged<Seq> = 4) has 8 elements, found 1");
        let error = Padded::from_mask((Batch, Ragged(Seq)), Vocab, &[1, 2, 3, 4, 5, 100, 7, 8], &[1; 8]).unwrap_err();
        assert_eq!(error.to_string(), "id 100 at position [1, 1] is not in `Vocab`, which has 100 rows");
    }
}
