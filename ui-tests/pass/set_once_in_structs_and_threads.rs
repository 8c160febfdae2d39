use congruent::prelude::*;

dims! { once Width; once Depth; }

struct Model {
    weight: Tensor<(Width, Depth)>,
}

fn load(width: usize, depth: usize) -> Result<Model, Error> {
    Ok(Model { weight: Tensor::ones((Width::set(width)?, Depth::set(depth)?)) })
}

fn main() {
    assert!(Width::get().is_none());
    let model = load(3, 4).unwrap();
    let model = std::thread::spawn(move || model).join().unwrap();
    assert_eq!(model.weight.sum(Width::get().unwrap()).to_vec(), [3.0; 4]);
    assert!(Width::set(3).is_ok());
    assert_eq!(Width::set(5).unwrap_err().to_string(), "`Width` is set to 3 and cannot become 5");
}
