use congruent::{Tensor, Times, dims};

dims! { Rows = 2; Columns = 2; PatchHeight = 2; PatchWidth = 2; }

fn patches(image: &Tensor<(Times<Rows, PatchHeight>, Times<Columns, PatchWidth>)>) {
    let split = image.split(Times(Columns, PatchWidth)).split(Times(Rows, PatchHeight));
    let patches = split.merge(Rows, Columns);
}

fn main() {}
