//! Which part of a whole array one rank of a mesh has.

use crate::dim::Dim;
use crate::mesh_axes::MeshAxes;

/// The part of a dimension that this rank has.
#[doc(hidden)]
#[derive(Clone)]
pub struct PartOfAxis {
    whole: usize,
    /// Where each position stands among those of all ranks; nothing if each rank has all.
    positions: Option<Vec<usize>>,
    size: usize,
}

impl PartOfAxis {
    /// The part of a dimension.
    pub fn new<D: Dim>(dim: D) -> Self {
        let size = dim.size();
        let positions = D::IS_SHARDED.then(|| (0..size).map(|position| dim.whole_position(position)).collect());
        PartOfAxis { whole: dim.whole_size(), positions, size }
    }
}

/// The part of an array that this rank has: some positions along each axis.
#[doc(hidden)]
#[derive(Clone)]
pub struct Part(Vec<PartOfAxis>);

impl Part {
    /// The part by its axes.
    pub fn new(axes: Vec<PartOfAxis>) -> Self {
        Part(axes)
    }

    /// The sizes of the whole.
    /// Where a position of an axis stands in the whole.
    pub fn position(&self, axis: usize, position: usize) -> usize {
        self.0[axis].positions.as_ref().map_or(position, |positions| positions[position])
    }

    pub fn whole(&self) -> Vec<usize> {
        self.0.iter().map(|axis| axis.whole).collect()
    }

    /// For each run of elements of the part, in its order, where it begins in the whole; and how long each run is.
    pub fn runs(&self) -> (Vec<usize>, usize) {
        let (mut starts, mut length, mut stride) = (vec![0], 1, 1);
        // From the innermost axis on: as long as all of it is here, runs grow; after that each position begins its own.
        let mut is_whole = true;
        for axis in self.0.iter().rev() {
            let positions: Vec<usize> = axis.positions.clone().unwrap_or_else(|| (0..axis.size).collect());
            let is_one_run = positions.windows(2).all(|pair| pair[1] == pair[0] + 1);
            if is_whole && is_one_run {
                starts = vec![positions.first().map_or(0, |first| first * stride)];
                length *= positions.len();
                is_whole = positions.len() == axis.whole;
            } else {
                is_whole = false;
                starts = positions.iter().flat_map(|at| starts.iter().map(move |start| at * stride + start)).collect();
            }
            stride *= axis.whole;
        }
        (starts, length)
    }

    /// Where each element of the part stands in the whole.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        let (starts, length) = self.runs();
        starts.into_iter().flat_map(move |start| start..start + length)
    }

    /// The elements of the part, of those of the whole.
    pub fn of<T: Copy>(&self, whole: &[T]) -> Vec<T> {
        let (starts, length) = self.runs();
        starts.iter().flat_map(|start| &whole[*start..start + length]).copied().collect()
    }
}

/// The axes of the mesh along which other ranks have other parts, of those of each dimension of a shape.
///
/// # Panics
/// Two dimensions are cut along one axis of the mesh: then no rank has what lies off the diagonal.
#[track_caller]
pub fn disjoint<const N: usize>(axes: [MeshAxes; N], described: impl Fn() -> String) -> MeshAxes {
    axes.into_iter().fold(MeshAxes::NONE, |all, axes| all.and_apart(axes, &described))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(whole: usize, positions: Option<Vec<usize>>) -> PartOfAxis {
        let size = positions.as_ref().map_or(whole, Vec::len);
        PartOfAxis { whole, positions, size }
    }

    #[test]
    fn a_part_has_the_elements_at_its_positions() {
        let cases = [
            vec![axis(4, Some(vec![2, 3]))],
            vec![axis(4, Some(vec![2, 3])), axis(3, None)],
            vec![axis(2, None), axis(4, Some(vec![2, 3])), axis(3, None)],
            vec![axis(2, None), axis(6, Some(vec![1, 2, 4, 5])), axis(3, Some(vec![0]))],
            vec![axis(2, Some(vec![])), axis(3, None)],
            vec![axis(5, None), axis(3, None)],
        ];
        for axes in cases {
            let part = Part::new(axes);
            let whole: Vec<usize> = (0..part.whole().iter().product()).collect();
            let mut expected = vec![0];
            for axis in &part.0 {
                let positions = axis.positions.clone().unwrap_or_else(|| (0..axis.size).collect());
                expected = expected.iter().flat_map(|at| positions.iter().map(move |p| at * axis.whole + p)).collect();
            }
            assert_eq!(part.of(&whole), expected);
        }
    }
}
