#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::{Ids, dims};

dims! { Seq = 2; English = 10; Embed = 2; }

fn main() {
    let english = wave((English, Embed));
    let ids = Ids::new((Seq,), English, &[3, 4]).unwrap();
    assert_close(&english.lookup(&ids), &[0.656987, 0.989358, 0.412118, -0.544021]);
}
