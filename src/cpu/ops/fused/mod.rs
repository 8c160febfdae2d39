//! Fused elementwise operations, block by block: intermediate values stay in the L1 cache.

mod plan;
mod source;
#[cfg(test)]
pub mod tests;

pub use plan::Plan;
pub use source::{Reader, Source};

use super::elementwise as each;
use crate::backend::{Float, Number, Program, Step};
use crate::cpu::array::Array;
use crate::cpu::kernels::{Place, PlacedChain, generic, write};
use crate::cpu::memory::Elements;
use crate::cpu::parallel::for_each_chunk;
use std::borrow::Borrow;

/// The most elements of a block.
pub const BLOCK: usize = 1 << 11;
/// The blocks of a work item, if there are enough.
const PART: usize = 8;
/// The number of work items that is enough.
const PARTS: usize = 16;

/// What the steps cost for each element.
pub fn work<T>(program: &Program<T>) -> usize {
    let of_step = |step: &Step<T>| if let Step::Unary(op, _) = step { each::work(*op) } else { 1 };
    program.steps().map(|(_, step)| of_step(step)).sum()
}

/// The elements of a block and of a work item, which is some blocks. Blocks are a multiple of the period of broadcast
/// inputs, so that these are copied once for an item.
pub fn cut<'a, T: Float>(sources: impl IntoIterator<Item = &'a Source<'a, T>>, count: usize) -> [usize; 2] {
    let period = sources.into_iter().map(Source::period).filter(|period| *period <= BLOCK).max().unwrap_or(1);
    let block = BLOCK - BLOCK % period;
    [block, block * (count / (PARTS * block)).clamp(1, PART)]
}

/// Memory for so many blocks, aligned to cache lines.
pub fn blocks<R: Number>(count: usize) -> Elements<R> {
    Elements::arbitrary(count * BLOCK)
}

/// The function of each element of arrays of the same sizes. Narrow numbers are rounded once, at the end.
pub fn fused<T: Float>(program: &Program<T>, inputs: &[Array<T>]) -> Array<T> {
    let (sizes, result) = (inputs[0].sizes(), program.result());
    assert!(inputs.len() == program.inputs() && inputs.iter().all(|x| x.sizes() == sizes), "inputs of the same sizes");
    if result < inputs.len() {
        return inputs[result].saved();
    }
    let plan = Plan::new(program, |value| value == result);
    let register = plan.register(result);
    let sources: Vec<Source<T>> = inputs.iter().map(Source::new).collect();
    Array::build(sizes, |out| {
        let [block, part] = cut(&sources, out.len());
        // Where no intermediate value is stored, a work item is one block.
        let in_passing =
            plan.registers() == 1 && sources.iter().all(|source| source.contiguous(0, out.len()).is_some());
        let block = if in_passing { part } else { block };
        let places = || (0..sources.len()).map(Place::Input).collect::<Vec<_>>();
        let chains = (!in_passing).then(|| plan.placed(&places(), &[result]));
        for_each_chunk(out, part, part * work(program), |i, out| {
            if chains.as_ref().is_some_and(|chains| run(&plan, chains, &sources, i * part, &mut [&mut *out])) {
                return;
            }
            let mut memory = blocks(sources.len() + plan.registers() - 1);
            let mut blocks = memory.get_mut().expect("nobody else holds it").chunks_mut(BLOCK);
            let mut readers: Vec<_> = sources.iter().zip(&mut blocks).map(Reader::new).collect();
            write(out, |out| {
                let mut registers: Vec<_> = blocks.collect();
                registers.insert(register, &mut []);
                for (j, out) in out.chunks_mut(block).enumerate() {
                    let len = out.len();
                    readers.iter_mut().for_each(|reader| reader.read(i * part + j * block, len));
                    registers[register] = out;
                    plan.run(&readers, &mut registers, len);
                }
            });
        });
    })
}

/// Values of the function, those of some steps, for arrays of the same sizes: in place of inputs that nobody else holds. Narrow numbers are
/// rounded once, where they are stored.
pub fn values<T: Float>(program: &Program<T>, values: &[usize], inputs: Vec<Array<T>>) -> Vec<Array<T>> {
    let sizes = inputs[0].sizes().to_vec();
    assert!(inputs.len() == program.inputs() && inputs.iter().all(|x| x.sizes() == sizes), "inputs of the same sizes");
    let plan = Plan::new(program, |value| values.contains(&value));
    // Of each input the array, or the result that takes its place.
    let (mut found, mut held) = (Vec::with_capacity(values.len()), Vec::with_capacity(inputs.len()));
    for mut input in inputs {
        held.push(if found.len() < values.len() && input.as_mut_slice().is_some() {
            found.push(input);
            Err(found.len() - 1)
        } else {
            Ok(input)
        });
    }
    found.resize_with(values.len(), || Array::build(&sizes, |_| ()));
    let sources: Vec<_> = held.iter().map(|input| input.as_ref().map(Source::new)).collect();
    let [block, part] = cut(sources.iter().flatten(), sizes.iter().product());
    let (mut places, mut read) = (Vec::with_capacity(held.len()), Vec::with_capacity(held.len()));
    for source in &sources {
        places.push(match source {
            Ok(source) => {
                read.push(source);
                Place::Input(read.len() - 1)
            }
            Err(result) => Place::Output(**result),
        });
    }
    // An output that takes the place of an input may be written before that input is copied to another.
    let gives_inputs = values.iter().any(|value| *value < places.len());
    let chains = (!gives_inputs).then(|| plan.placed(&places, values));
    for_each_part(&mut found, part, part * work(program), |i, outs| {
        if chains.as_ref().is_some_and(|chains| run(&plan, chains, &read, i * part, outs)) {
            return;
        }
        let mut memory = blocks(sources.len() + plan.registers());
        let mut blocks = memory.get_mut().expect("nobody else holds it").chunks_mut(BLOCK);
        let readers = sources.iter().zip(&mut blocks).map(|(source, block)| match source {
            Ok(source) => Reader::new((source, block)),
            Err(_) => Reader::of_copies(block),
        });
        let mut readers: Vec<_> = readers.collect();
        let mut registers: Vec<_> = blocks.collect();
        let count = outs[0].len();
        for at in (0..count).step_by(block) {
            let len = block.min(count - at);
            for (reader, input) in readers.iter_mut().zip(&held) {
                match input {
                    Ok(_) => reader.read(i * part + at, len),
                    Err(result) => reader.copy(&outs[*result][at..at + len]),
                }
            }
            plan.run(&readers, &mut registers, len);
            for (value, out) in values.iter().zip(&mut *outs) {
                let value = plan.value(*value, &readers, &registers, len);
                write(&mut out[at..at + len], |out| out.copy_from_slice(value));
            }
        }
    });
    found
}

/// Calculates the elements from `first` on, a few vectors at a time: `false` where there is no kernel for it, or an input has gaps.
fn run<'a, T: Float>(
    plan: &Plan<T::Wide>,
    chains: &[PlacedChain<T::Wide, Place>],
    sources: &[impl Borrow<Source<'a, T>>],
    first: usize,
    outs: &mut [&mut [T]],
) -> bool {
    let inputs: Option<Vec<_>> = sources.iter().map(|source| source.borrow().slice(first, outs[0].len())).collect();
    inputs.is_some_and(|inputs| generic::chains(&inputs, outs, plan.registers(), chains))
}

/// Calls `f` with the index of each part of so many elements, and with that part of each array, all of one length and held by nobody else.
pub fn for_each_part<T: Float>(
    arrays: &mut [Array<T>],
    part: usize,
    work: usize,
    f: impl Fn(usize, &mut Vec<&mut [T]>) + Sync,
) {
    let count = arrays.first().map_or(0, |array| array.layout().len());
    let mut parts: Vec<Vec<&mut [T]>> = (0..count.div_ceil(part)).map(|_| Vec::new()).collect();
    for array in arrays {
        let elements = array.as_mut_slice().expect("nobody else holds it");
        parts.iter_mut().zip(elements.chunks_mut(part)).for_each(|(outs, out)| outs.push(out));
    }
    for_each_chunk(&mut parts, 1, work, |i, outs| f(i, &mut outs[0]));
}
