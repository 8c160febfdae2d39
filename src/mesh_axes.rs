//! Which ranks of a mesh hold the same.

/// An axis of a mesh of ranks, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeshAxis(u8);

impl MeshAxis {
    /// The most axes that a mesh has.
    pub const MOST: usize = 6;

    /// The axis of this number, counted from the outermost.
    ///
    /// ```
    /// use congruent::backend::MeshAxis;
    /// assert!(MeshAxis::new(0) < MeshAxis::new(1));
    /// ```
    ///
    /// # Panics
    /// A mesh has no so many axes.
    pub fn new(number: usize) -> Self {
        assert!(number < MeshAxis::MOST, "a mesh has at most {} axes", MeshAxis::MOST);
        MeshAxis(number as u8)
    }

    /// Its number, counted from the outermost.
    ///
    /// ```
    /// use congruent::backend::MeshAxis;
    /// assert_eq!(MeshAxis::new(1).number(), 1);
    /// ```
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
    ///
    /// ```
    /// use congruent::backend::{MeshAxes, MeshAxis};
    /// assert!(MeshAxes::NONE.is_empty() && !MeshAxes::from(MeshAxis::new(1)).is_empty());
    /// ```
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the axis is one of them.
    ///
    /// ```
    /// use congruent::backend::{MeshAxes, MeshAxis};
    /// let axes = MeshAxes::from(MeshAxis::new(1));
    /// assert!(axes.has(MeshAxis::new(1)) && !axes.has(MeshAxis::new(0)));
    /// ```
    pub fn has(self, axis: MeshAxis) -> bool {
        self.0 & (1 << axis.0) != 0
    }

    /// These and those.
    ///
    /// ```
    /// use congruent::backend::{MeshAxes, MeshAxis};
    /// let both = MeshAxes::from(MeshAxis::new(0)).and(MeshAxis::new(2).into());
    /// assert!(both.has(MeshAxis::new(0)) && both.has(MeshAxis::new(2)));
    /// ```
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        MeshAxes(self.0 | others.0)
    }

    /// These and those, of two dimensions that stand beside each other.
    ///
    /// ```
    /// use congruent::backend::{MeshAxes, MeshAxis};
    /// let [data, model] = [0, 1].map(|axis| MeshAxes::from(MeshAxis::new(axis)));
    /// assert_eq!(data.and_apart(model, || "(Shard<Batch, Data>, Shard<Seq, Model>)".into()), data.and(model));
    /// ```
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
    ///
    /// ```
    /// use congruent::backend::{MeshAxes, MeshAxis};
    /// let [data, model] = [0, 1].map(|axis| MeshAxes::from(MeshAxis::new(axis)));
    /// assert_eq!(data.and(model).without(data), model);
    /// ```
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        MeshAxes(self.0 & !others.0)
    }

    /// Each of them, the outermost first.
    ///
    /// ```
    /// use congruent::backend::{MeshAxes, MeshAxis};
    /// let both = MeshAxes::from(MeshAxis::new(2)).and(MeshAxis::new(0).into());
    /// assert_eq!(both.iter().map(MeshAxis::number).collect::<Vec<_>>(), [0, 2]);
    /// ```
    pub fn iter(self) -> impl DoubleEndedIterator<Item = MeshAxis> {
        (0..MeshAxis::MOST as u8).map(MeshAxis).filter(move |axis| self.has(*axis))
    }
}

impl From<MeshAxis> for MeshAxes {
    fn from(axis: MeshAxis) -> Self {
        MeshAxes(1 << axis.0)
    }
}
