//! Boxes, and those that overlap.

/// A box in a picture, in pixels from its upper left corner.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Area {
    /// With sides moved by so much of its width and height, which are longer by `more` than from side to side.
    pub(super) fn moved(self, sides: [f32; 4], more: f32) -> Area {
        let [left, top, right, bottom] = sides;
        let (width, height) = (self.right - self.left + more, self.bottom - self.top + more);
        Area {
            left: self.left + left * width,
            top: self.top + top * height,
            right: self.right + right * width,
            bottom: self.bottom + bottom * height,
        }
    }

    /// The square of the longer side with the same centre.
    pub(super) fn square(self) -> Area {
        let (width, height) = (self.right - self.left, self.bottom - self.top);
        let side = width.max(height);
        let (left, top) = (self.left + width * 0.5 - side * 0.5, self.top + height * 0.5 - side * 0.5);
        Area { left, top, right: left + side, bottom: top + side }
    }

    /// How large it is, and how large what it shares with another, if sides are longer by `more`.
    fn sizes(self, other: Area, more: f32) -> [f32; 3] {
        let size = |area: Area| (area.right - area.left + more) * (area.bottom - area.top + more);
        let width = self.right.min(other.right) - self.left.max(other.left) + more;
        let height = self.bottom.min(other.bottom) - self.top.max(other.top) + more;
        [size(self), size(other), width.max(0.0) * height.max(0.0)]
    }
}

/// What the overlap of two boxes is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Overlap {
    /// With what they cover together.
    OfUnion,
    /// With the smaller of the two, whose last pixel is counted too.
    OfSmaller,
}

impl Overlap {
    fn of(self, one: Area, other: Area) -> f32 {
        match self {
            Overlap::OfUnion => {
                let [one, other, shared] = one.sizes(other, 0.0);
                shared / (one + other - shared)
            }
            Overlap::OfSmaller => {
                let [one, other, shared] = one.sizes(other, 1.0);
                shared / one.min(other)
            }
        }
    }
}

/// The likeliest first, without those that overlap a likelier one by more than `most`: non-maximum suppression.
pub(super) fn likeliest<T>(mut found: Vec<T>, of: impl Fn(&T) -> (Area, f32), most: f32, overlap: Overlap) -> Vec<T> {
    found.sort_by(|one, other| of(other).1.total_cmp(&of(one).1));
    let mut kept: Vec<T> = Vec::new();
    for next in found {
        if kept.iter().all(|likelier| overlap.of(of(likelier).0, of(&next).0) <= most) {
            kept.push(next);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{Area, Overlap, likeliest};

    #[test]
    fn of_boxes_that_overlap_the_likeliest_is_kept() {
        let area = |left, right| Area { left, top: 0.0, right, bottom: 10.0 };
        // The likeliest shares 4 of 12 with the next, which shares 6 of 10 with the one after it.
        let found =
            vec![(area(6.0, 14.0), 0.5), (area(0.0, 8.0), 0.9), (area(4.0, 12.0), 0.8), (area(20.0, 21.0), 0.1)];
        let kept = |most, overlap| -> Vec<f32> {
            likeliest(found.clone(), |found| *found, most, overlap)
                .into_iter()
                .map(|(_, probability)| probability)
                .collect()
        };
        assert_eq!(kept(0.7, Overlap::OfUnion), [0.9, 0.8, 0.5, 0.1]);
        assert_eq!(kept(0.5, Overlap::OfUnion), [0.9, 0.8, 0.1]);
        assert_eq!(kept(0.3, Overlap::OfUnion), [0.9, 0.5, 0.1]);
        // Of 9 by 11 pixels they share 5 by 11 and 7 by 11.
        assert_eq!(kept(0.5, Overlap::OfSmaller), [0.9, 0.5, 0.1]);
        assert_eq!(kept(0.6, Overlap::OfSmaller), [0.9, 0.8, 0.1]);
    }

    #[test]
    fn a_square_has_the_longer_side() {
        let area = Area { left: 2.0, top: 10.0, right: 6.0, bottom: 20.0 };
        assert_eq!(area.square(), Area { left: -1.0, top: 10.0, right: 9.0, bottom: 20.0 });
        let moved = area.moved([0.25, 0.1, -0.5, 0.0], 0.0);
        assert_eq!(moved, Area { left: 3.0, top: 11.0, right: 4.0, bottom: 20.0 });
    }
}
