//! Buffers, which are saved and not trained, and averages of models.

use super::*;

#[derive(Clone, Module)]
struct Centred {
    inner: Linear<Embed, Vocab>,
    #[module(name = "mean", buffer)]
    running_mean: Tensor<(Embed,)>,
    #[module(buffer)]
    statistics: Option<Linear<Embed, Vocab>>,
}

#[test]
fn buffers_are_saved_and_not_trained() {
    let (linear, x) = small();
    let mut model =
        Centred { inner: linear.clone(), running_mean: Tensor::full((Embed,), 3.0), statistics: Some(linear) };
    model.track();
    assert!(model.inner.weight.is_tracked() && !model.running_mean.is_tracked());
    assert!(!model.statistics.as_ref().unwrap().weight.is_tracked());
    assert_eq!(model.parameter_count(), 7 * 8 + 7);
    let mut buffers = Vec::new();
    model.for_each(|parameter| {
        if parameter.is_buffer() {
            buffers.push(parameter.path().to_string())
        }
    });
    assert_eq!(buffers, ["mean", "statistics.weight", "statistics.bias"]);

    // One that was assigned with what it was calculated by has a gradient, and is not trained either.
    let loss = |model: &Centred| loss_of(&model.inner, &(&x - &model.running_mean));
    model.running_mean = model.running_mean.tracked();
    let gradients = loss(&model).backward();
    assert!(gradients.get(&model.running_mean).is_some());
    let (weight, bias) = (gradients.of(&model.inner.weight), gradients.of(model.inner.bias.as_ref().unwrap()));
    let squares = weight.square().sum(Embed).sum(Vocab) + bias.square().sum(Vocab);
    assert!((gradients.norm(&model) - f64::from(squares.sqrt().scalar())).abs() < 1e-5);
    let before = model.clone();
    let mut optimizer = Optimizer::new(AdamW::default());
    optimizer.step(&mut model, &gradients, 1.0);
    assert_eq!(model.running_mean.to_vec(), [3.0; 8]);
    assert_ne!(model.inner.weight.to_vec(), before.inner.weight.to_vec());
    model.track();
    assert!(!model.running_mean.is_tracked());

    let mut writer = Writer::default();
    writer.module("model", &model);
    optimizer.save("optimizer", &mut writer);
    let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let mut like = model.clone();
    like.running_mean = Tensor::zeros((Embed,));
    let (loaded, _) = load(&file, |weights: Weights<f32>| {
        let loaded = weights.at("model").module(&like);
        let optimizer = optimizer.load(&weights.at("optimizer"), &loaded);
        (loaded, optimizer)
    })
    .unwrap();
    assert_eq!(loaded.running_mean.to_vec(), [3.0; 8]);
    assert!(!loaded.running_mean.is_tracked() && loaded.inner.weight.is_tracked());
}

#[test]
fn a_moving_average_follows_a_model_with_its_buffers() {
    #[derive(Clone, Module)]
    struct Counted {
        layers: Vec<Tensor<(Embed,)>>,
        #[module(buffer)]
        seen: Tensor<(Embed,)>,
    }
    let full = |value| Tensor::full((Embed,), value);
    let mut model = Counted { layers: vec![full(1.0), full(-4.0)], seen: full(7.0) };
    let mut average = Counted { layers: vec![full(3.0), full(0.0)], seen: full(0.0) };
    model.track();
    moving_average(&mut average, &model, 0.5);
    moving_average(&mut average, &model, 0.5);
    let of = |model: &Counted| [model.layers[0].to_vec()[0], model.layers[1].to_vec()[7], model.seen.to_vec()[0]];
    assert_eq!(of(&average), [1.5, -3.0, 7.0]);
    assert_eq!(of(&model), [1.0, -4.0, 7.0]);
    assert!(!average.layers[0].is_tracked() && model.layers[0].is_tracked());

    model.layers.push(full(9.0));
    let before = of(&average);
    let text = message(|| moving_average(&mut average, &model, 0.5));
    assert_eq!(text, "the model has 4 parameters, and the average 3");
    assert_eq!(of(&average), before);
    model.layers.truncate(1);
    assert!(
        message(|| moving_average(&mut average, &model, 0.5)).starts_with("`layers.1` is (Embed = 8) in the average")
    );
}
