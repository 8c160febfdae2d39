//! How much of an all-reduce goes on while a rank calculates: what an overlap with the backward pass could save.

use crate::least;
use mpi::collective::SystemOperation;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives, Root};
use std::hint::black_box;
use std::time::Instant;

/// Prints, for some sizes, how long an all-reduce takes, how long as much work, and how long both if the work is done between the start
/// of the all-reduce and its end: at once, and with MPI asked now and then.
pub fn table() {
    let world = SimpleCommunicator::world();
    if world.size() == 1 {
        return;
    }
    let is_first = world.rank() == 0;
    if is_first {
        println!(
            "\n| bytes of an all-reduce | ms | ms of work | ms of both | ms of both, where MPI is asked 20 times |"
        );
        println!("|---|---|---|---|---|");
    }
    for size in [1 << 14, 1 << 18, 1 << 22] {
        let (own, mut sum) = (vec![1f32; size], vec![0f32; size]);
        let repeats = ((1 << 24) / size).clamp(7, 101);
        let mut time = |f: &mut dyn FnMut(&mut [f32])| {
            let one = |_| {
                world.barrier();
                let begin = Instant::now();
                f(&mut sum);
                begin.elapsed().as_secs_f64()
            };
            least((0..repeats).map(one))
        };
        let blocking = time(&mut |sum| world.all_reduce_into(&own[..], sum, SystemOperation::sum()));
        // As much work as the message takes, in all ranks alike.
        let mut rounds = [(blocking * 1e8) as usize / 20];
        world.process_at_rank(0).broadcast_into(&mut rounds[..]);
        let calculate = time(&mut |_| (0..20).for_each(|_| work(rounds[0])));
        let mut both = |asks: bool| {
            time(&mut |sum| {
                mpi::request::scope(|scope| {
                    let request = world.immediate_all_reduce_into(scope, &own[..], sum, SystemOperation::sum());
                    let mut left = Some(request);
                    for _ in 0..20 {
                        work(rounds[0]);
                        if asks {
                            left = left.and_then(|request| request.test().err());
                        }
                    }
                    if let Some(request) = left {
                        request.wait();
                    }
                });
            })
        };
        let [silent, asked] = [false, true].map(&mut both);
        if is_first {
            let [alone, of_work, silent, asked] = [blocking, calculate, silent, asked].map(|seconds| 1e3 * seconds);
            println!("| {} | {alone:.3} | {of_work:.3} | {silent:.3} | {asked:.3} |", 4 * size);
        }
    }
}

/// Arithmetic in registers.
fn work(rounds: usize) {
    let mut x = 1f64;
    for _ in 0..rounds {
        x = black_box(x * 1.000_000_1);
    }
}
