#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::{Sliding, dims};

dims! { Batch = 1; Channels = 2; Time = 4; Width = 3; Inner = 2; Hidden = 1; }

fn main() {
    let weight = wave((Hidden, Channels)).expand(Width).permute((Hidden, Channels, Width));
    let x = wave((Batch, Channels, Time));
    assert_close(&x.conv(&weight, None, Inner, Sliding::default()), &[1.06335, 1.49001]);
}
