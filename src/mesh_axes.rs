//! Which ranks of a mesh hold the same.

/// An axis of a mesh of ranks, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeshAxis(u8);

impl MeshAxis {
    /// The most axes that a mesh has.
    pub const MOST: usize = 6;

    /// # Panics
    /// A mesh has no so many axes.
    pub fn new(number: usize) -> Self {
        assert!(number < MeshAxis::MOST, "a mesh has at most {} axes", MeshAxis::MOST);
        MeshAxis(number as u8)
    }

    /// Its number, counted from the outermost.
    pub fn number(self) -> usize {
        self.0.into()
    }
}

/// Some of the axes of a mesh: those along which a dimension, or an array, differs from rank to rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeshAxes(u8);

impl MeshAxes {
    /// No axis: what each rank has alike.
    pub const NONE: Self = MeshAxes(0);

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the axis is one of them.
    pub fn has(self, axis: MeshAxis) -> bool {
        self.0 & (1 << axis.0) != 0
    }

    /// These and those.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        MeshAxes(self.0 | others.0)
    }

    /// These and those, of two dimensions that stand beside each other.
    ///
    /// # Panics
    /// Both are shards along one axis: a rank has none of what other ranks' parts of both make together.
    #[must_use]
    #[track_caller]
    pub fn and_apart(self, others: Self, described: impl Fn() -> String) -> Self {
        let is_apart = self.without(others) == self;
        assert!(
            is_apart,
            "two dimensions of {} are shards along one axis of the mesh: gather one of them before, `x.all_gather(axis)`",
            described()
        );
        self.and(others)
    }

    /// These, and not those.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        MeshAxes(self.0 & !others.0)
    }

    /// Each of them, the outermost first.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = MeshAxis> {
        (0..MeshAxis::MOST as u8).map(MeshAxis).filter(move |axis| self.has(*axis))
    }
}

impl From<MeshAxis> for MeshAxes {
    fn from(axis: MeshAxis) -> Self {
        MeshAxes(1 << axis.0)
    }
}
