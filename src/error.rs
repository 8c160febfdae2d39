//! What can be wrong with data. What can be wrong with shapes does not compile.

use std::fmt::{self, Debug, Display, Formatter};

/// An error in data that came from outside: sizes, lengths, ids, files.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// Two dimensions that had to be of one size are not.
    DifferentSizes {
        /// The one dimension.
        left: String,
        /// Its size.
        left_size: usize,
        /// The other dimension.
        right: String,
        /// Its size.
        right_size: usize,
    },
    /// A dimension has more positions than a `usize` counts, and cannot be compared with another.
    SizeBeyondCount {
        /// The dimension.
        dimension: String,
    },
    /// A set-once dimension was set a second time, to another size.
    AlreadySet {
        /// The dimension.
        dimension: &'static str,
        /// The size that it has.
        set: usize,
        /// The size that it was to get.
        found: usize,
    },
    /// An engine failed.
    Engine(crate::backend::Failure),
    /// The number of elements is not that of the shape.
    ElementCount {
        /// The shape, with its dimensions and sizes.
        shape: String,
        /// How many elements it has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// The sizes of an array are not those of the shape.
    ArrayShape {
        /// The shape, with its dimensions and sizes.
        expected: String,
        /// The sizes of the array.
        found: Vec<usize>,
        /// The axes that differ: name, expected size, found size.
        axes: Vec<(String, usize, usize)>,
    },
    /// An id that is not in its table.
    IdOutOfRange {
        /// The table's dimension.
        table: String,
        /// How many rows the table has.
        size: usize,
        /// The id.
        id: u64,
        /// Where it stands in the list it came in.
        position: Vec<usize>,
    },
    /// The axes of a mesh have another number of ranks than there are.
    RankCount {
        /// The axes, with their sizes.
        axes: String,
        /// How many ranks they have together.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The ranks along an axis of a mesh do not divide a dimension evenly.
    NotDivided {
        /// The dimension.
        dimension: String,
        /// Its size.
        size: usize,
        /// The axis of the mesh.
        axis: String,
        /// How many ranks are along it.
        ranks: usize,
    },
    /// A range that does not lie in its dimension.
    RangeOutOfBounds {
        /// The dimension.
        dimension: String,
        /// Its size.
        size: usize,
        /// The first position of the range.
        start: usize,
        /// Its length.
        length: usize,
    },
    /// Another number of sequences than the batch has.
    SequenceCount {
        /// The batch dimension.
        batch: String,
        /// Its size.
        expected: usize,
        /// The number of sequences given.
        found: usize,
    },
    /// Another number of tensors than the dimension has positions, or none.
    TensorCount {
        /// The dimension along which they were to be stacked.
        dimension: String,
        /// How many positions it has.
        expected: usize,
        /// How many tensors there are.
        found: usize,
    },
    /// Pieces, or the lengths of pieces, that are together not as long as the dimension that they were to make, or none.
    PieceSizes {
        /// The dimension.
        dimension: String,
        /// Its size.
        expected: usize,
        /// How many pieces there are.
        pieces: usize,
        /// How long they are together.
        found: usize,
    },
    /// Another number of elements was found than the dimension that they were to get has positions.
    FoundCount {
        /// The dimension.
        dimension: String,
        /// How many positions it has.
        expected: usize,
        /// How many elements were found.
        found: usize,
    },
    /// Another number of windows fits along an axis than the dimension that they were to get has positions.
    WindowCount {
        /// The dimension along which they lie.
        dimension: String,
        /// Its size.
        length: usize,
        /// How many positions of padding were put at each end.
        padding: usize,
        /// The size of a window.
        size: usize,
        /// How far each is behind the last.
        step: usize,
        /// How far the positions of a window are apart.
        dilation: usize,
        /// How many fit.
        fitting: usize,
        /// The dimension that they were to get.
        windows: String,
        /// Its size.
        found: usize,
    },
    /// A sequence that is longer than its dimension.
    SequenceTooLong {
        /// Which sequence of the batch.
        sequence: usize,
        /// Its length.
        length: usize,
        /// The dimension.
        dimension: String,
        /// The size of the dimension.
        size: usize,
    },
    /// The mask of a tokenizer has padding at another place than it was said to have.
    PaddingPlace {
        /// Which sequence of the batch.
        sequence: usize,
        /// A position of padding.
        zero: usize,
        /// A position of the text, on the side where padding was expected.
        one: usize,
    },
    /// The mask of a tokenizer is neither 0 nor 1.
    MaskNumber {
        /// Which sequence of the batch.
        sequence: usize,
        /// The position.
        position: usize,
        /// What stands there.
        found: u32,
    },
    /// The size of a dimension has to be even.
    OddSize {
        /// The dimension.
        dimension: String,
        /// Its size.
        size: usize,
    },
    /// A cache has no room for what was to be appended.
    CacheFull {
        /// Which sequence of the batch.
        sequence: usize,
        /// How many positions of it the cache holds.
        held: usize,
        /// How many more there were to be.
        new: usize,
        /// The dimension that is the capacity.
        dimension: String,
        /// Its size.
        capacity: usize,
    },
    /// The sequences of a cache are of different lengths, and a step was to append to all of them alike.
    CacheLengths {
        /// The lengths.
        lengths: Vec<usize>,
    },
    /// A step of a cache did not append to every layer.
    CacheStep {
        /// The first layer that it left out.
        layer: usize,
        /// How many layers the cache has.
        layers: usize,
    },
    /// A cache with a sliding window does not hold any more what the next position would attend to.
    CacheForgot {
        /// Which sequence of the batch.
        sequence: usize,
        /// The length that it was to have.
        length: usize,
        /// The first position that is held.
        first: usize,
    },
    /// A setting that is out of its range.
    Setting {
        /// Its name.
        setting: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// Logits that say of no token that it may be drawn, or of none how likely it is.
    NoDistribution {
        /// Their dimension.
        dimension: String,
        /// What is wrong with them.
        reason: String,
    },
    /// A sequence without a token that a model has not read.
    NothingToRead {
        /// Which sequence of the batch.
        sequence: usize,
    },
}

// What `main` and `unwrap` print.
impl Debug for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Error::Engine(failure) => Display::fmt(failure, f),
            Error::DifferentSizes { left, left_size, right, right_size } => {
                write!(f, "`{left}` ({left_size}) and `{right}` ({right_size}) are different sizes")
            }
            Error::SizeBeyondCount { dimension } => {
                write!(f, "`{dimension}` has {} positions or more, and is of no size that can be compared", usize::MAX)
            }
            Error::AlreadySet { dimension, set, found } => {
                write!(f, "`{dimension}` is set to {set} and cannot become {found}")
            }
            Error::ElementCount { shape, expected, found } => {
                write!(f, "{shape} has {expected} elements, found {found}")
            }
            Error::ArrayShape { expected, found, axes } => {
                write!(f, "expected {expected}, found sizes {found:?}")?;
                for (name, expected, found) in axes {
                    write!(f, "; `{name}` is {expected}, found {found}")?;
                }
                Ok(())
            }
            Error::IdOutOfRange { table, size, id, position } => {
                write!(f, "id {id} at position {position:?} is not in `{table}`, which has {size} rows")
            }
            Error::RankCount { axes, expected, found } => {
                write!(f, "a mesh {axes} has {expected} ranks, and there are {found}")
            }
            Error::NotDivided { dimension, size, axis, ranks } => {
                write!(
                    f,
                    "`{dimension}`, of {size} positions, is not divided evenly among the {ranks} ranks along `{axis}`"
                )
            }
            Error::RangeOutOfBounds { dimension, size, start, length } => {
                write!(f, "{length} positions from {start} on do not lie in `{dimension}`, which has {size}")
            }
            Error::SequenceCount { batch, expected, found } => {
                write!(f, "`{batch}` holds {expected} sequences, found {found}")
            }
            Error::TensorCount { dimension, expected, found: 0 } => {
                write!(f, "`{dimension}` has {expected} positions, and there is no tensor to be stacked along it")
            }
            Error::TensorCount { dimension, expected, found } => {
                write!(f, "`{dimension}` has {expected} positions, and the tensors to be stacked along it are {found}")
            }
            Error::PieceSizes { dimension, expected, pieces: 0, .. } => {
                write!(f, "`{dimension}` has {expected} positions, and there is no piece to be joined along it")
            }
            Error::PieceSizes { dimension, expected, pieces: 1, found } => {
                write!(f, "`{dimension}` has {expected} positions, and the piece along it has {found}")
            }
            Error::PieceSizes { dimension, expected, pieces, found } => {
                write!(
                    f,
                    "`{dimension}` has {expected} positions, and the {pieces} pieces along it have {found} together"
                )
            }
            Error::FoundCount { dimension, expected, found } => {
                write!(f, "`{dimension}` has {expected} positions, and {found} elements were found")
            }
            Error::WindowCount { dimension, length, padding, size, step, dilation, fitting, windows, found } => {
                write!(f, "`{dimension}` is {length}")?;
                if *padding > 0 {
                    write!(f, ", has {padding} of padding at each end")?;
                }
                write!(f, " and has {fitting} windows of {size}")?;
                if *dilation != 1 {
                    write!(f, ", {dilation} apart,")?;
                }
                write!(f, " in steps of {step}, and `{windows}` is {found}")
            }
            Error::SequenceTooLong { sequence, length, dimension, size } => {
                write!(f, "sequence {sequence} has length {length}, and `{dimension}` has room for {size}")
            }
            Error::PaddingPlace { sequence, zero, one } if zero < one => write!(
                f,
                "the mask of sequence {sequence} is 0 at {zero} and 1 at {one}: padding on the left is moved behind by \
                 `Padded::from_left_padded`"
            ),
            Error::PaddingPlace { sequence, zero, one } => write!(
                f,
                "the mask of sequence {sequence} is 1 at {one} and 0 at {zero}: padding on the right is that of \
                 `Padded::from_mask`"
            ),
            Error::MaskNumber { sequence, position, found } => {
                write!(f, "the mask of sequence {sequence} is {found} at {position}, expected 0 or 1")
            }
            Error::OddSize { dimension, size } => {
                write!(f, "`{dimension}` is {size}, which is odd: rotary positions turn pairs of elements")
            }
            Error::CacheFull { sequence, held, new, dimension, capacity } => write!(
                f,
                "sequence {sequence} has {held} positions in the cache, and {new} more are beyond its capacity \
                 `{dimension}`, which is {capacity}"
            ),
            Error::CacheLengths { lengths } => {
                write!(f, "the sequences of the cache are of lengths {lengths:?}: `step_ragged` appends to them")
            }
            Error::CacheStep { layer, layers } => {
                write!(f, "nothing was appended to layer {layer} of the {layers} of the cache")
            }
            Error::CacheForgot { sequence, length, first } => write!(
                f,
                "sequence {sequence} cannot go on from length {length}: its positions before {first} are forgotten, \
                 and its window reaches there"
            ),
            Error::Setting { setting, expected, found } => write!(f, "`{setting}` is {found}, expected {expected}"),
            Error::NoDistribution { dimension, reason } => {
                write!(f, "the logits over `{dimension}` are no distribution: {reason}")
            }
            Error::NothingToRead { sequence } => {
                write!(f, "sequence {sequence} has no token that is still to be read, and the next follows from one")
            }
        }
    }
}

impl std::error::Error for Error {}
