//! The sizes and settings of a decoder, whichever file says them.

use crate::decoder::Settings;
use crate::{Dims, Error, ensure};
use congruent::Times;

/// The dimensions of a decoder, of the sizes that its files say.
pub mod configured {
    use crate::decoder::Llama;
    use congruent::{Cpu, Times};

    congruent::dims! {
        /// The tokens.
        pub once Vocab;
        /// The positions of a text.
        pub once Positions;
        /// The width of the model.
        pub once Embed;
        /// The heads of keys and values.
        pub once KeyHeads;
        /// The query heads that share a key head.
        pub once Group;
        /// The width of a head.
        pub once HeadDim;
        /// The width between the layers of a feed-forward network that all tokens go through.
        pub once Ffn;
        /// The experts of a layer.
        pub once Experts;
        /// The width between the layers of each of them.
        pub once ExpertFfn;
    }
    /// All of them.
    pub type All =
        crate::Dims<Vocab, Positions, Embed, Times<KeyHeads, Group>, KeyHeads, HeadDim, Ffn, Experts, ExpertFfn>;
    /// The model of these dimensions.
    pub type Model<B = Cpu<f32>> =
        Llama<Vocab, Positions, Embed, Times<KeyHeads, Group>, KeyHeads, HeadDim, Ffn, B, Experts, ExpertFfn>;
}

/// The sizes and settings of a model.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Config {
    pub vocab: usize,
    pub positions: usize,
    pub embed: usize,
    pub key_heads: usize,
    /// The query heads that share a key head.
    pub group: usize,
    pub head_dim: usize,
    /// The width of a feed-forward network that all tokens go through: of layers without experts, or beside them.
    pub ffn: usize,
    /// The experts of a layer; one, if it has none.
    pub experts: usize,
    /// The width of each of them.
    pub expert_ffn: usize,
    pub settings: Settings,
}

impl Config {
    /// What no weight is compared with: the sizes of the table of positions.
    pub(super) fn checked(self) -> Result<Self, Error> {
        let Config { positions, key_heads, group, head_dim, .. } = self;
        let width = key_heads.checked_mul(group).and_then(|heads| heads.checked_mul(head_dim));
        let table = width.and_then(|_| positions.checked_mul(head_dim));
        let fits = table.is_some_and(|elements| elements <= 1 << 31);
        ensure!(fits, "{positions} positions of heads of {head_dim} elements are more than this library takes");
        Ok(self)
    }

    /// Lets texts have so many positions only.
    ///
    /// # Errors
    /// The model has fewer, or none are left.
    pub fn with_context(self, positions: usize) -> Result<Self, Error> {
        let most = self.positions;
        ensure!(
            (1..=most).contains(&positions),
            "the model has a context of {most} tokens, which cannot be {positions}"
        );
        Ok(Config { positions, ..self })
    }

    /// Sets the dimensions, for the whole program.
    ///
    /// # Errors
    /// They have been set to other sizes.
    pub fn dims(&self) -> Result<configured::All, congruent::Error> {
        let key_heads = configured::KeyHeads::set(self.key_heads)?;
        Ok(Dims {
            vocab: configured::Vocab::set(self.vocab)?,
            positions: configured::Positions::set(self.positions)?,
            embed: configured::Embed::set(self.embed)?,
            heads: Times(key_heads, configured::Group::set(self.group)?),
            key_heads,
            head_dim: configured::HeadDim::set(self.head_dim)?,
            ffn: configured::Ffn::set(self.ffn)?,
            experts: configured::Experts::set(self.experts)?,
            expert_ffn: configured::ExpertFfn::set(self.expert_ffn)?,
        })
    }
}
