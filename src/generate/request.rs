//! What is asked for, and what becomes of it.

use super::Sampler;
use crate::tensor::Index;

/// A sequence that is to go on.
#[derive(Clone, Debug)]
pub struct Request<V> {
    /// The whole sequence, at least one token longer than what the session has read of it, which is its beginning.
    pub prompt: Vec<Index<V>>,
    /// Draws the tokens.
    pub sampler: Sampler,
    /// Tokens that end it.
    pub end: Vec<Index<V>>,
    /// How many tokens there are at most.
    pub maximum: usize,
}

/// Why a sequence ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The model gave an end token.
    End,
    /// It has as many tokens as were asked for.
    Maximum,
    /// It is as long as the model's context.
    Context,
    /// [`Generation::stop`](super::Generation::stop) was called.
    Stopped,
}

/// What happens in a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<V> {
    /// A sequence has a new token.
    Token {
        /// Its number among the requests.
        sequence: usize,
        /// The token.
        id: Index<V>,
    },
    /// A sequence has ended. An end token is no token of it.
    Finished {
        /// Its number among the requests.
        sequence: usize,
        /// Why.
        finish: Finish,
    },
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated<V> {
    /// The tokens after the prompt.
    pub ids: Vec<Index<V>>,
    /// Why there are no more.
    pub finish: Finish,
}
