//! Ids, losses, modules, and the engines that they are on.

use super::errors;

errors! {
    C29: "`A` is not an id of `D`"
    /// A table is looked up by ids that are known to lie in it: `Index<Vocab>` for a table `(Vocab, Embed)`. Numbers
    /// become ids by [`Ids::new`](crate::Ids), which checks them once. Ids of another table stay ids of that one. Where a rank
    /// has a part of a table, a [`Shard`](crate::dim::Shard), it is looked up by ids of the whole one all the same.

    C30: "`A` is not known to have room for `B`"
    /// The first part of an axis is taken without a check, so the compiler has to know that it is not longer than the
    /// axis: compare the sizes in the two declarations. Sizes that only run time knows are compared by
    /// [`narrow`](crate::Tensor::narrow), which gives an error.

    C31: "ids `I` of `D` do not choose from `S`"
    /// [`gather`](crate::Tensor::gather) chooses one element of the last dimension for each row. There is one id for
    /// each row, so the ids have the tensor's shape without its last dimension, and are ids of that one. Where there is one label
    /// for each sequence, a model has one row of logits for it: of the [mean](crate::Tensor::mean) of its positions, or of the first.
    /// Where a rank has the logits of a part of a vocabulary, a [`Shard`](crate::dim::Shard), labels are those of the whole.

    C42: "a loss of shape `S` is not one number"
    /// Gradients are those of one number, a tensor of shape `()`. Take the mean of the losses, or their sum, along each of
    /// their dimensions; where one is padded, by [`mean_of_valid`](crate::nn::mean_of_valid).

    C43: "`A` is not a module"
    /// The parameters of a model are asked for, and this is neither a tensor of floating-point numbers nor a structure of
    /// such: [`Module`](trait@crate::Module). Put `#[derive(Module)]` on the structure, or `#[module(skip)]` on a field that has
    /// no parameters. A tensor on another backend than the other parameters is no parameter either, nor are ids, integers and masks:
    /// skipped, they are not saved, and go to another engine with the model. A `Box` is a [`Boxed`](crate::module::Boxed), for trait
    /// objects too. Where parameters are of two element types, the structure says so: see [`Module`](trait@crate::Module#two-element-types).

    C63: "`T` is not what is predicted for the next position"
    /// A model of the next token has logits for each position, and the token after it is their target: ids are shifted by
    /// [`next`](crate::Tensor::next), logits lose their last position by [`without_last`](crate::Tensor::without_last), and
    /// the two have one shape then. [`next_token_loss`](crate::nn::next_token_loss) does both.

    C64: "`T` is not what a model calculated"
    /// Ids without their last position stand where the logits do, and are no targets: those are
    /// [`next`](crate::Tensor::next). Where a decoder reads all tokens but the last, let it read all, and take its logits
    /// [`without_last`](crate::Tensor::without_last): with a causal mask, they are the same.

    C65: "what follows each position of `D` is not known: it may be padded, or one rank's part"
    /// The next positions of `D` are `Next<D>`, and of a padded dimension `Ragged<Next<D>>`. Generic code says which:
    /// `S: Dense`, `Ragged<S>`, or [`S: HasNext`](crate::dim::HasNext) for either. What follows the last
    /// position of a [`Shard`](crate::dim::Shard) is on another rank: the next positions are those of the whole, which is divided after that.

    C66: "a divergence is one of the logarithms of probabilities along its axis, and this is `T`"
    /// Probabilities were given in place of their logarithms, logits, or logarithms of probabilities along another axis. The
    /// shapes are the same, so they have a type of their own: [`LogProbabilities`](crate::LogProbabilities), which
    /// [`log_softmax`](crate::Tensor::log_softmax) gives. What was calculated by other means is named so by
    /// [`LogProbabilities::from_logarithms`](crate::LogProbabilities::from_logarithms).

    C67: "`T` does not say that the model is in training"
    /// Dropout is for training. In inference, call `forward`, which leaves it out. In training, make a
    /// [`Training`](crate::nn::Training) of the random numbers where the loop begins, and hand it on: functions of
    /// inference do not have it.

    C74: "`M` does not go to the engine of `B`"
    /// A model goes to another engine by [`to_engine`](crate::Module::to_engine) if its backend is a parameter of its type, so
    /// that there is a type for what it becomes: `struct Model<B: Backend = Cpu<f32>>`, whose layers name it too,
    /// `Linear<In, Out, B>`. `#[derive(Module)]` does the rest. The elements stay what they are: an engine is another place,
    /// and other elements are a [`cast`](crate::Module::cast), which asks for the same parameter. So a tensor of floating-point numbers goes to a backend of the same numbers, while
    /// ids, integers and truth values go to the engine of any.

    C75: "`B` calculates no gradients"
    /// Gradients are asked for of an engine that has none, or of elements that are no floating-point numbers. Engines that have
    /// them implement [`Autodiff`](crate::backend::Autodiff), and generic code that trains asks for it, `B: Autodiff`, where
    /// `B: Backend` is enough to calculate.

    C76: "tensors on `A` and on `B` do not go together"
    /// Nothing moves between engines by itself, and no type of elements becomes another by itself. A tensor, ids and a mask go to
    /// another engine by [`to_engine`](crate::Tensor::to_engine), a model by [`Module::to_engine`](crate::Module::to_engine): once,
    /// before the loop. Another type of elements is [`cast`](crate::Tensor::cast). Beside a `Tensor<S, B>`, ids are
    /// [`TensorOf<S, Index<D>, B>`](crate::TensorOf), and [`Ids<S, D>`](crate::Ids) on the processor. Gradients do not move: an
    /// optimizer is of the backend of the loss. Two devices of one engine are one type: they
    /// meet with a panic that names both.

    C92: "`T` is not what a custom function is of"
    /// A function with a backward pass of one's own is of tensors, several of them by reference, so that there is a gradient for
    /// each; numbers and whatever else it needs are held by its closures:
    /// [`custom`](fn@crate::custom). Their dimensions are static or set once. An engine that has no place for such a backward pass
    /// lacks [`CustomFunctions`](crate::backend::CustomFunctions); there,
    /// [`with_gradients_of`](crate::Tensor::with_gradients_of) gives a value the gradients of another tensor.

    C77: "`E` is no backend"
    /// An engine has arrays and devices, a [`Backend`](crate::backend::Backend) is an engine with a type of elements, and tensors are
    /// of one: `Cpu<f32>` on the engine [`Processor`](crate::cpu::Processor). In generic code, ask for it: `B: Backend<Elem = f32>`.
    /// Whoever writes an engine implements it for its elements: see [`backend`](crate::backend).

    C100: "a tensor of shape `S` is not known to be one number"
    /// [`scalar`](crate::Tensor::scalar) gives the one element of a tensor without dimensions. Each dimension that is left is reduced
    /// before, by its name, or all of them by [`mean_all`](crate::Tensor::mean_all) and
    /// [`sum_all`](crate::Tensor::sum_all); [`to_vec`](crate::Tensor::to_vec) has the elements of any shape.

    C101: "channels in the groups `G` are not convolved as `H`"
    /// The groups of a convolution stand in the types of the channels, `Times<Groups, In>` and `Times<Groups, Out>`, and are said where
    /// windows slide: [`Sliding::groups`](crate::Sliding::groups). Without that, channels are in one group, and the weight takes all of
    /// them.

    C102: "expected a tensor of shape `S`, and this one is `R`"
    /// A loss, a choice of losses, a residual, a weight with its adapter: each element belongs to the one at its place in the other
    /// tensor, so that the shapes are the same, in the same order, and nothing is repeated. Targets `(Batch,)` beside predictions
    /// `(Batch, N<1>)` would make a matrix of losses elsewhere. The state of a recurrent layer, a condition and positions are those of
    /// the batch of the input.

    C103: "`S` does not have two dimensions"
    /// Tokens are `(batch, sequence)`, and vectors that are compared with each other `(batch, features)`. One text gets a batch by
    /// [`expand`](crate::Tensor::expand); of a text with a vector for each position, a [mean](crate::Tensor::masked_mean) or its first
    /// position is one vector.

    C104: "`N` are not the lengths of `L` in the batch `B`"
    /// Lengths belong to one batch and to one dimension. The losses of next tokens are one fewer for each sequence: their lengths are
    /// [`lengths.next()`](crate::Lengths::next).

    C105: "`ctc_loss` of `P` does not take frames `(N, T)`, labels `S` of `I`, their lengths `(M, L)` and a blank of `V`"
    /// [`ctc_loss`](crate::nn::ctc_loss) takes logarithms of probabilities along the classes, `(Batch, Frames, Classes)`, which
    /// [`log_softmax`](crate::Tensor::log_softmax) makes of logits, the lengths of their frames, labels `(Batch, Labels)` with their
    /// lengths, and a blank that is one of the classes. The batch is one, and comes first.

    C107: "`S` is not one number for each position of padded sequences"
    /// [`mean_of_valid`](crate::nn::mean_of_valid) and [`sum_of_valid`](crate::nn::sum_of_valid) are of losses `(batch, Ragged<sequence>)`.
    /// Where each position has several, reduce their axis before; without padding, the mean of all is
    /// [`mean_all`](crate::Tensor::mean_all).

    C121: "expected the gradients of a loss, and this is `G`"
    /// [`Optimizer::step`](crate::optim::Optimizer::step) takes the gradients of [`backward`](crate::Tensor::backward), and shares of
    /// them where ranks divide the state of the [optimizer](crate::optim::Optimizer::sharded). Those of a loss that
    /// [`LossScale`](crate::optim::LossScale) has multiplied are as many times too large, until
    /// [`unscaled`](crate::optim::LossScale::unscaled) has divided them and found out whether the step is to be left out.

    C108: "`S` does not have one dimension"
    /// The next token of one sequence is sampled from the logits of its last position, `(vocabulary,)`: take it out of those of a batch
    /// by [`at`](crate::Tensor::at). [`generate`](crate::generate::generate) does so for each sequence of a batch. The sequences that a
    /// cache goes on with are `(beams,)`, ids of its batch.

    C125: "`T` is not the state of an `Lstm` of size `H` for the batch `B`"
    /// The state of an [`Lstm`](crate::nn::Lstm) belongs to one batch and to one size: sequences begin with
    /// [`start`](crate::nn::Lstm::start) of the layer that reads them, and go on with the [`LstmState`](crate::nn::LstmState) that it gave.
    /// Of layers one above the other, each has a state of its own.
}
