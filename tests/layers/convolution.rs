//! Convolutions, pooling, interpolation and norms of channels, and the gradients of all of them.

use crate::common::{Case, reference};
use congruent::io::{SafeTensors, load};
use congruent::nn::{BatchNorm, Conv2d, ConvTranspose, GroupNorm, PatchEmbedding, Training};
use congruent::prelude::*;
use congruent::{Interpolation, Sliding};

dims! { Time; Frames; Rows; Columns; }

fn file() -> SafeTensors {
    SafeTensors::open(reference("convolutions.safetensors")).unwrap()
}

/// Within `1e-5` of numbers around 1, as all values that are compared with PyTorch's: sums have up to 60 terms.
fn assert_near<S: Shape>(case: &Case<'_>, name: &str, found: &Tensor<S>) {
    let expected = case.tensor(name, found.shape()).to_vec();
    for (at, (found, expected)) in found.to_vec().into_iter().zip(expected).enumerate() {
        let near = (found - expected).abs() <= 1e-5 * expected.abs().max(1.0);
        assert!(near, "{}: {name} is {found} for {expected} at {at}", case.name);
    }
}

/// The result of a case, and the gradient with respect to each input.
macro_rules! compare { ($name:literal, $($input:ident: $shape:expr),*; $y:expr) => {
    let file = file();
    let case = Case { file: &file, name: $name };
    $(let $input = case.tensor(concat!("in.", stringify!($input)), $shape).tracked();)*
    let y = $y;
    assert_near(&case, "out.y", &y);
    let gradients = (&y * &case.tensor("cot", y.shape())).sum_all().backward();
    $(assert_near(&case, concat!("grad.", stringify!($input)), &gradients.of(&$input));)*
} }

#[test]
fn convolutions_along_one_axis() {
    let sliding = Sliding::default().stride(N::<2>).padding(N::<1>).dilation(N::<2>);
    compare!("conv1d", x: (N::<2>, N::<3>, N::<11>), weight: (N::<5>, N::<3>, N::<3>), bias: (N::<5>,); {
        x.conv(&weight, Some(&bias), N::<5>, sliding)
    });
    let sliding = Sliding::default().padding(N::<3>).groups(N::<5>);
    let each = Times(N::<5>, N::<1>);
    compare!("depthwise", x: (N::<2>, each, N::<8>), weight: (each, N::<1>, N::<4>), bias: (each,); {
        x.conv(&weight, Some(&bias), N::<11>, sliding)
    });
    let sliding = Sliding::default().stride(N::<3>).padding(N::<1>);
    compare!("transposed1d", x: (N::<2>, N::<4>, N::<5>), weight: (N::<4>, N::<3>, N::<4>), bias: (N::<3>,); {
        x.conv_transpose(&weight, Some(&bias), N::<16>, sliding)
    });
}

#[test]
fn convolutions_along_two_axes() {
    let sliding = Sliding::default().stride((N::<2>, N::<1>)).padding((N::<1>, N::<0>)).dilation((N::<1>, N::<2>));
    let sliding = sliding.groups(N::<2>);
    let (four, six) = (Times(N::<2>, N::<2>), Times(N::<2>, N::<3>));
    compare!("conv2d", x: (N::<2>, four, N::<7>, N::<6>), weight: (six, N::<2>, N::<3>, N::<2>), bias: (six,); {
        x.conv(&weight, Some(&bias), (N::<4>, N::<4>), sliding)
    });
    compare!("transposed2d", x: (N::<2>, four, N::<4>, N::<3>),
                              weight: (four, N::<3>, N::<3>, N::<2>),
                              bias: (six,); {
        x.conv_transpose(&weight, Some(&bias), (N::<7>, N::<5>), sliding)
    });
    // Numbers of run time.
    compare!("stride_beyond_kernel", x: (N::<2>, N::<3>, N::<8>, N::<7>),
                                      weight: (N::<4>, N::<3>, N::<2>, N::<1>); {
        x.try_conv(&weight, None, (N::<3>, N::<3>), Sliding::default().stride([3, 3])).unwrap()
    });
}

#[test]
fn pooling() {
    let sliding = Sliding::default().stride(N::<2>).padding(N::<1>);
    compare!("max_pool", x: (N::<2>, N::<3>, N::<7>, N::<6>); {
        x.max_pool((N::<3>, N::<2>), (N::<4>, N::<3>), sliding.dilation((N::<1>, N::<2>)))
    });
    compare!("avg_pool", x: (N::<2>, N::<3>, N::<9>); x.avg_pool(N::<3>, N::<5>, sliding));
    compare!("adaptive", x: (N::<2>, N::<3>, N::<7>, N::<5>); x.adaptive_avg_pool((N::<3>, N::<2>)));
    // Of a window of nothing but padding.
    let x = Tensor::ones((N::<1>, N::<1>, N::<1>));
    assert_eq!(x.max_pool(N::<1>, N::<3>, Sliding::default().padding(N::<1>)).to_vec()[0], f32::NEG_INFINITY);
}

#[test]
fn interpolation() {
    let out = (N::<4>, N::<9>);
    compare!("nearest", x: (N::<2>, N::<3>, N::<7>, N::<5>); x.interpolate(out, Interpolation::Nearest));
    let by = Interpolation::Bilinear { align_corners: false };
    compare!("bilinear", x: (N::<2>, N::<3>, N::<7>, N::<5>); x.interpolate(out, by));
    let by = Interpolation::Bilinear { align_corners: true };
    compare!("bilinear_corners", x: (N::<2>, N::<3>, N::<7>, N::<5>); x.interpolate(out, by));
    // To one position, of one, and to none.
    let x = Tensor::from_nested((N::<1>, N::<1>, N::<3>), [[[1.0, 2.0, 6.0]]]);
    assert_eq!(x.interpolate(N::<1>, by).to_vec(), [1.0]);
    let one = x.interpolate(N::<1>, Interpolation::Bilinear { align_corners: false });
    assert_eq!((one.to_vec(), one.interpolate(N::<2>, by).to_vec()), (vec![2.0], vec![2.0; 2]));
    assert!(x.interpolate(N::<0>, by).to_vec().is_empty());
}

#[test]
fn norms_of_channels() {
    let channels = Times(N::<3>, N::<2>);
    compare!("group_norm", x: (N::<2>, channels, N::<4>, N::<5>), weight: (channels,), bias: (channels,); {
        GroupNorm { weight: weight.clone(), bias: bias.clone(), epsilon: 1e-5 }.forward(&x)
    });
    let file = file();
    let norm = |case: &Case<'_>, weight: &Tensor<(N<6>,)>, bias: &Tensor<(N<6>,)>| {
        let norm = load(case, |weights| BatchNorm::load(&weights.at("in"), N::<6>, 1e-5)).unwrap();
        assert_eq!([norm.weight.to_vec(), norm.bias.to_vec()], [weight.to_vec(), bias.to_vec()]);
        BatchNorm { weight: weight.clone(), bias: bias.clone(), ..norm }
    };
    let case = Case { file: &file, name: "batch_norm" };
    compare!("batch_norm", x: (N::<3>, N::<6>, N::<4>, N::<5>), weight: (N::<6>,), bias: (N::<6>,); {
        // The channels may stand elsewhere.
        let norm = norm(&case, &weight, &bias);
        assert_near(&case, "out.y", &norm.forward(&x.permute((N::<5>, N::<6>, N::<3>, N::<4>))).permute(x.shape()));
        norm.forward(&x)
    });
    let case = Case { file: &file, name: "batch_norm_training" };
    let mut rng = Rng::with_seed(1);
    compare!("batch_norm_training", x: (N::<3>, N::<6>, N::<4>, N::<5>), weight: (N::<6>,), bias: (N::<6>,); {
        let mut norm = norm(&case, &weight, &bias);
        let y = norm.forward_training(&x, &mut Training::new(&mut rng));
        assert_near(&case, "after.mean", &norm.running_mean);
        assert_near(&case, "after.var", &norm.running_var);
        assert!(!norm.running_mean.is_tracked() && !norm.running_var.is_tracked());
        y
    });
}

#[test]
fn layers_have_the_names_of_pytorch() {
    let file = file();
    let case = Case { file: &file, name: "conv2d" };
    let sliding = Sliding::default().stride((N::<2>, N::<1>)).padding((N::<1>, N::<0>)).dilation((N::<1>, N::<2>));
    let sliding = sliding.groups(N::<2>);
    let (four, six) = (Times(N::<2>, N::<2>), Times(N::<2>, N::<3>));
    let layer: Conv2d<N<2>, Times<N<2>, N<3>>, N<3>, N<2>, _> =
        load(&case, |weights| Conv2d::load(&weights.at("in"), (six, N::<2>, N::<3>, N::<2>), six, sliding)).unwrap();
    let y = layer.forward(&case.tensor("in.x", (N::<2>, four, N::<7>, N::<6>)), (N::<4>, N::<4>));
    assert_near(&case, "out.y", &y);
    let case = Case { file: &file, name: "transposed2d" };
    let layer =
        load(&case, |weights| ConvTranspose::load(&weights.at("in"), (four, N::<3>, N::<3>, N::<2>), six, sliding));
    let x = case.tensor("in.x", (N::<2>, four, N::<4>, N::<3>));
    assert_near(&case, "out.y", &layer.unwrap().try_forward(&x, (N::<7>, N::<5>)).unwrap());
}

#[test]
fn a_patch_is_a_vector() {
    let mut rng = Rng::with_seed(3);
    bind!(rows: Rows = 2, columns: Columns = 3);
    let layer =
        PatchEmbedding::random(N::<3>, N::<4>, (N::<5>, N::<2>), &mut rng).to_engine::<Cpu<f32>>(&Default::default());
    let image = Tensor::normal((N::<2>, N::<3>, Times(rows, N::<5>), Times(columns, N::<2>)), 0.0, 1.0, &mut rng);
    let y = layer.try_forward(&image, (rows, columns)).unwrap();
    let patches = rearrange!(image, "b c (h p) (w q) -> b h w c p q");
    let expected = einsum!("b h w c p q, e c p q -> b h w e", patches, layer.projection.weight);
    let expected = (expected + layer.projection.bias.as_ref().unwrap()).merge(At::<1>, At::<2>);
    assert!((y - expected).abs().to_vec().iter().all(|apart| *apart < 1e-5));
}

#[test]
fn lengths_of_run_time_are_compared() {
    bind!(time: Time = 9, frames: Frames = 5, short: Frames = 0);
    let (x, weight) = (Tensor::ones((N::<2>, N::<3>, time)), Tensor::ones((N::<4>, N::<3>, N::<3>)));
    let sliding = Sliding::default().stride(2).padding(N::<2>).dilation(N::<2>);
    assert_eq!(x.try_conv(&weight, None, frames, sliding).unwrap().sizes(), [2, 4, 5]);
    let error = x.try_conv(&weight, None, N::<4>, sliding).unwrap_err().to_string();
    let expected =
        "`Time` is 9, has 2 of padding at each end and has 5 windows of 3, 2 apart, in steps of 2, and `N<4>` is 4";
    assert_eq!(error, expected);
    let wide = Tensor::ones((N::<4>, N::<3>, N::<16>));
    assert_eq!(x.try_conv(&wide, None, short, Sliding::default()).unwrap().sizes(), [2, 4, 0]);
    for sliding in [Sliding::default().stride(0).dilation(1), Sliding::default().stride(1).dilation(0)] {
        assert!(x.try_conv(&weight, None, frames, sliding).unwrap_err().to_string().contains("at least 1"));
        assert!(x.try_max_pool(3, frames, sliding).unwrap_err().to_string().contains("at least 1"));
    }
    let far = Sliding::default().stride(usize::MAX).padding(usize::MAX).dilation(usize::MAX);
    assert!(x.try_conv(&weight, None, frames, far).is_err());
}
