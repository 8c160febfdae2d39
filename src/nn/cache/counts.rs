//! How much of a step is new.

/// How many positions are new, of each sequence.
#[derive(Clone, Copy)]
pub(super) enum Counts<'c> {
    Same(usize),
    Each(&'c [usize]),
}

impl Counts<'_> {
    /// One for each sequence, and perhaps more.
    pub(super) fn all(&self) -> impl Iterator<Item = usize> {
        (0..).map_while(move |sequence| match self {
            Counts::Same(count) => Some(*count),
            Counts::Each(counts) => counts.get(sequence).copied(),
        })
    }

    /// The most that sequences have which had so many before; of an empty batch, what each would have.
    pub(super) fn most(&self, held: impl Iterator<Item = usize>) -> usize {
        let least = if let Counts::Same(count) = self { *count } else { 0 };
        held.zip(self.all()).map(|(held, new)| held + new).max().unwrap_or(least)
    }
}
