use congruent::nn::KeyValueCache;
use congruent::prelude::*;

fn take_back<B: Dim, H: Dim, D: Dim, P: Dim>(cache: &mut KeyValueCache<B, H, D, P>) -> Result<(), Error> {
    cache.truncate(10)
}

fn main() {}
