//! What a generation holds of the proposer that is asked first.

use super::{Proposer, Session};
use crate::Error;
use crate::backend::{Backend, Float};
use crate::cpu::Cpu;
use crate::tensor::{Index, Tensor};

/// What a generation with a proposer has more than one without: [`Rewind`] of the session, whose own type asks for [`Session`] alone.
pub(super) struct Speculation<'a, M: Session<B>, B: Backend<Elem: Float> = Cpu<f32>> {
    pub(super) proposer: &'a mut dyn Proposer<M::Vocab>,
    pub(super) most: usize,
    pub(super) extend_each: ExtendEach<M, B>,
    pub(super) truncate: fn(&mut M, &[usize]) -> Result<(), Error>,
}

pub(super) type ExtendEach<M, B> =
    fn(&mut M, &[(usize, &[Index<Vocab<M, B>>])], &[usize]) -> Result<Vec<Vec<Logits<M, B>>>, Error>;
pub(super) type Logits<M, B> = Tensor<(Vocab<M, B>,), B>;
pub(super) type Vocab<M, B> = <M as Session<B>>::Vocab;
