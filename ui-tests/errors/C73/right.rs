use congruent::mask::relative_ids;
use congruent::prelude::*;

dims! { New = 1; Past = 4; Buckets = 8; }

fn main() {
    let buckets = relative_ids(New, Plus(Past, New), Buckets, |distance| distance.unsigned_abs().min(7) as u32);
}
