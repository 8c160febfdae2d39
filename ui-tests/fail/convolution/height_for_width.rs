use congruent::Sliding;
use congruent::prelude::*;

dims! { Batch = 2; Colours = 3; Height = 8; Width = 6; Hidden = 4; Side = 3; Rows = 6; Columns = 4; }

fn main() {
    let image = Tensor::ones((Batch, Colours, Height, Width));
    let weight = Tensor::ones((Hidden, Colours, Side, Side));
    let y = image.conv(&weight, None, (Columns, Rows), Sliding::default());
}
