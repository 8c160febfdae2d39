//! Planning of fused operations: chains, and the allocation of registers.

use super::source::Reader;
use crate::backend::{Float, Program, Real, Step, Unary};
use crate::cpu::kernels::{InOut, Link, Operand, Place, PlacedChain, PlacedLink, generic};

/// Operations in chains, and the registers for their results: slices of a block's length.
pub struct Plan<R> {
    chains: Vec<Chain<R>>,
    /// The register of each value; none for inputs, for values inside a chain, and for unused ones.
    registers: Vec<Option<usize>>,
    count: usize,
}

/// Operations of which each takes the result of the one before, which has no other use. Places are values.
type Chain<R> = PlacedChain<R, usize>;

/// The longest chain.
const LONGEST: usize = 8;

impl<R: Real> Plan<R> {
    /// A plan that keeps these values, and others until their last use.
    pub fn new<T: Float<Wide = R>>(program: &Program<T>, is_kept: impl Fn(usize) -> bool) -> Self {
        let mut uses = vec![0; program.values()];
        for (value, step) in program.steps().rev() {
            if uses[value] > 0 || is_kept(value) {
                step.values().for_each(|of| uses[of] += 1);
            }
        }
        let mut chains: Vec<Chain<R>> = Vec::new();
        for (value, step) in program.steps().filter(|(value, _)| uses[*value] > 0 || is_kept(*value)) {
            let last = chains.last_mut().filter(|chain| {
                let at_hand = chain.to;
                chain.links.len() < LONGEST
                    && uses[at_hand] == 1
                    && !is_kept(at_hand)
                    && step.values().any(|x| x == at_hand)
            });
            let at_hand = last.as_ref().map(|chain| chain.to);
            let (from, link) = match *step {
                Step::Unary(op, x) => (x, PlacedLink::Unary(op)),
                Step::Binary(op, x, y) if at_hand == Some(y) => (y, PlacedLink::Value(op, x, true)),
                Step::Binary(op, x, y) => (x, PlacedLink::Value(op, y, false)),
                Step::BinaryScalar(op, x, y) => (x, PlacedLink::Number(op, y.widened(), false)),
                Step::ScalarBinary(op, x, y) => (y, PlacedLink::Number(op, x.widened(), true)),
            };
            match last {
                Some(chain) => {
                    chain.links.push(link);
                    chain.to = value;
                }
                None => chains.push(Chain { from, links: vec![link], to: value }),
            }
        }
        let (registers, count) = registers(&chains, program, is_kept);
        Plan { chains, registers, count }
    }

    /// How many registers there are.
    pub fn registers(&self) -> usize {
        self.count
    }

    /// How many operations are calculated.
    #[cfg(test)]
    pub fn operations(&self) -> usize {
        self.chains.iter().map(|chain| chain.links.len()).sum()
    }

    /// That of a value which is kept.
    ///
    /// # Panics
    /// It is not.
    pub fn register(&self, value: usize) -> usize {
        self.registers[value].expect("a value that is kept has a register")
    }

    /// Calculates the values that are kept, into their registers, of which so many elements are used.
    pub fn run<T: Float<Wide = R>>(&self, inputs: &[Reader<'_, T>], registers: &mut [&mut [R]], len: usize) {
        for chain in &self.chains {
            let register = self.register(chain.to);
            let to = std::mem::take(&mut registers[register]);
            let value = |at| self.value(at, inputs, registers, len);
            let mut links = [Link::Unary(Unary::Neg); LONGEST];
            for (to, link) in links.iter_mut().zip(&chain.links) {
                *to = match *link {
                    PlacedLink::Unary(op) => Link::Unary(op),
                    PlacedLink::Number(op, y, swapped) => Link::Binary(op, Operand::Scalar(y), swapped),
                    PlacedLink::Value(op, y, swapped) => Link::Binary(op, Operand::Slice(value(y)), swapped),
                };
            }
            let in_place = self.registers[chain.from] == Some(register);
            let (from, part) = (if in_place { &[] } else { value(chain.from) }, &mut to[..len]);
            let x = if in_place { InOut::in_place(part) } else { InOut::new(from, part) };
            generic::chain(x, &links[..chain.links.len()]);
            registers[register] = to;
        }
    }

    /// The chains, and copies of these values to the outputs, with the places of inputs: the others are in their registers.
    pub fn placed(&self, inputs: &[Place], values: &[usize]) -> Vec<PlacedChain<R, Place>> {
        let place = |value: usize| {
            let input = inputs.get(value).copied();
            input.unwrap_or_else(|| Place::Register(self.register(value)))
        };
        let copy = |(output, value): (usize, &usize)| PlacedChain {
            from: place(*value),
            links: Vec::new(),
            to: Place::Output(output),
        };
        let chains = self.chains.iter().map(|chain| chain.map(place));
        chains.chain(values.iter().enumerate().map(copy)).collect()
    }

    /// A block of an input, or of a value that is in its register.
    pub fn value<'a, T: Float<Wide = R>>(
        &self,
        value: usize,
        inputs: &'a [Reader<'_, T>],
        registers: &'a [&mut [R]],
        len: usize,
    ) -> &'a [R] {
        match inputs.get(value) {
            Some(input) => input.block(),
            None => &registers[self.register(value)][..len],
        }
    }
}

/// Allocates registers, as few as possible: a register is free after the last use of its value.
fn registers<R, T>(
    chains: &[Chain<R>],
    program: &Program<T>,
    is_kept: impl Fn(usize) -> bool,
) -> (Vec<Option<usize>>, usize) {
    let operands = |chain: &Chain<R>| -> Vec<usize> {
        chain
            .links
            .iter()
            .filter_map(|link| if let PlacedLink::Value(_, y, _) = link { Some(*y) } else { None })
            .collect()
    };
    let mut last_read = vec![usize::MAX; program.values()];
    for (i, chain) in chains.iter().enumerate() {
        operands(chain).into_iter().chain([chain.from]).for_each(|value| last_read[value] = i);
    }
    let (mut found, mut free, mut count) = (vec![None; program.values()], Vec::new(), 0);
    for (i, chain) in chains.iter().enumerate() {
        let operands = operands(chain);
        let is_over = |value: usize| last_read[value] == i && !is_kept(value);
        let in_place = found[chain.from].filter(|_| is_over(chain.from) && !operands.contains(&chain.from));
        let register = in_place.or_else(|| free.pop()).unwrap_or_else(|| {
            count += 1;
            count - 1
        });
        found[chain.to] = Some(register);
        let mut over: Vec<usize> = operands.into_iter().chain([chain.from]).filter(|&value| is_over(value)).collect();
        over.sort_unstable();
        over.dedup();
        free.extend(over.into_iter().filter_map(|value| found[value]).filter(|&freed| freed != register));
    }
    (found, count)
}
