//! That a model is in training.

use crate::Rng;
use crate::sealed::Sealed;

/// What layers do in training alone, such as dropout, asks for it: a loop of training makes one, and inference has none. It
/// holds the random numbers.
///
/// ```
/// use congruent::nn::{Dropout, Training};
/// use congruent::prelude::*;
/// dims! { Embed = 4; }
/// let mut rng = Rng::with_seed(1);
/// let mut training = Training::new(&mut rng);
/// for _ in 0..3 {
///     let y = Dropout { rate: 0.1 }.forward_training(&Tensor::ones((Embed,)), &mut training);
/// }
/// ```
///
/// Functions that are for training take `&mut Training`, and those of inference do not:
///
/// ```compile_fail,E0277
/// use congruent::nn::Dropout;
/// use congruent::prelude::*;
/// dims! { Embed = 4; }
/// fn predict(x: &Tensor<(Embed,)>, rng: &mut Rng) -> Tensor<(Embed,)> {
///     Dropout { rate: 0.1 }.forward_training(x, rng)
/// }
/// ```
#[derive(Debug)]
#[doc(alias("train", "eval"))]
pub struct Training<'a> {
    rng: &'a mut Rng,
}

impl<'a> Training<'a> {
    /// Training with these random numbers.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Dropout, Training};
    /// dims! { Embed = 4; }
    /// let mut rng = Rng::with_seed(1);
    /// let mut training = Training::new(&mut rng);
    /// let y = Dropout { rate: 0.0 }.forward_training(&Tensor::ones((Embed,)), &mut training);
    /// assert_eq!(y.to_vec(), [1.0; 4]);
    /// ```
    pub fn new(rng: &'a mut Rng) -> Self {
        Training { rng }
    }

    /// The random numbers.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Training;
    /// let (mut rng, mut same) = (Rng::with_seed(1), Rng::with_seed(1));
    /// assert_eq!(Training::new(&mut rng).rng().u64(), same.u64());
    /// ```
    pub fn rng(&mut self) -> &mut Rng {
        self.rng
    }
}

/// What says that a model is in training: [`Training`] alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say that the model is in training",
    label = "expected `&mut Training`",
    note = "in inference, call `forward`, which has no dropout; a loop of training begins with `let mut training = Training::new(&mut rng);` of `congruent::nn`, and gives `&mut training` to what is for training",
    note = "explained in `congruent::errors::C67`: https://docs.rs/congruent/latest/congruent/errors/C67/"
)]
pub trait InTraining {
    /// The random numbers.
    fn rng(&mut self) -> &mut Rng;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

#[diagnostic::do_not_recommend]
impl InTraining for Training<'_> {
    fn rng(&mut self) -> &mut Rng {
        self.rng
    }
    fn sealed(_: Sealed) {}
}
