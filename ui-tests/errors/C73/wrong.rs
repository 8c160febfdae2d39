use congruent::mask::relative_ids;
use congruent::prelude::*;

dims! { New = 1; Cached = 5; Buckets = 8; }

fn main() {
    let buckets = relative_ids(New, Cached, Buckets, |distance| distance.unsigned_abs().min(7) as u32);
}
