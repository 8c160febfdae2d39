//! Ranks that would wait for ever end, and say where each of them is.

use congruent::dim::Shard;
use congruent::mesh::{Combine, Mesh, Numbers, OnMesh, in_threads};
use congruent::prelude::*;
use std::thread;

dims! { Data = 2; Model = 2; Batch = 4; Hidden = 4; }

#[test]
#[should_panic(
    expected = "the ranks do not do the same: rank 0 waits in a gathering of 1 bytes; rank 1 is done; rank 2 is done"
)]
fn a_rank_whose_program_is_done_is_not_waited_for() {
    in_threads(3, |world| {
        if world.rank() == 0 {
            world.all_gather(&[1]);
        }
    });
}

#[test]
#[should_panic(expected = "the ranks do not do the same: rank 0 waits in ")]
fn ranks_do_not_wait_for_each_other_along_different_axes() {
    in_threads(4, |world| {
        let mesh = Mesh::new(world, (Data, Model)).unwrap();
        let on = mesh.device();
        let (batch, hidden): (Shard<Batch, Data>, Shard<Hidden, Model>) =
            (mesh.shard(Batch, Data), mesh.shard(Hidden, Model));
        let x = Tensor::ones((batch,)).to_engine::<OnMesh<Cpu<f32>>>(&on).partial_sum(batch);
        let y = Tensor::ones((hidden,)).to_engine::<OnMesh<Cpu<f32>>>(&on).partial_sum(hidden);
        let along_data = || x.clone().all_reduce().scalar();
        let along_model = || y.clone().all_reduce().scalar();
        // Two of the ranks add them in another order.
        let order: [&dyn Fn() -> f32; 2] = if [1, 2].contains(&mesh.world().rank()) {
            [&along_model, &along_data]
        } else {
            [&along_data, &along_model]
        };
        order.map(|sum| sum())
    });
}

#[test]
fn a_rank_may_speak_from_another_thread() {
    let sums = in_threads(2, |world| {
        let mut number = [1.0];
        world.all_reduce(Combine::Sum, Numbers::F32(&mut number));
        thread::scope(|scope| {
            scope.spawn(|| world.all_reduce(Combine::Sum, Numbers::F32(&mut number))).join().unwrap();
        });
        number[0]
    });
    assert_eq!(sums, [4.0; 2]);
}
