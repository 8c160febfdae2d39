//! Lists of tensors, beside plain loops.

use congruent::Piece;
use congruent::prelude::*;

dims! { Batch; Seq; Keys; HeadDim; Embed; New; }

/// Sizes from 0 to 5, a seed for each case.
fn sizes<const COUNT: usize>(seed: u64) -> ([usize; COUNT], Rng) {
    let mut rng = Rng::with_seed(seed);
    let mut sizes = [0; COUNT];
    sizes.fill_with(|| (rng.u64() % 6) as usize);
    (sizes, rng)
}

#[test]
fn a_list_of_heads_is_the_tensor_of_heads() {
    dims! { Count = 3; }
    let mut rng = Rng::with_seed(1);
    bind!(batch: Batch = 2, seq: Seq = 4, dim: HeadDim = 5);
    let x = Tensor::uniform((batch, Count, seq, dim), -1.0..1.0, &mut rng);
    let heads = x.unstack(Count);
    assert_eq!(heads[1].to_vec(), x.at(Count, 1).unwrap().to_vec());
    assert_eq!(Tensor::concat_heads(Count, &heads).to_vec(), x.merge_heads().to_vec());
    assert_eq!(Tensor::stack(Count, &heads).to_vec(), x.permute((Count, batch, seq, dim)).to_vec());
    let doubled = heads.map(|head| head * 2.0);
    assert_eq!(Tensor::concat_heads(Count, &doubled).to_vec(), (x * 2.0).merge_heads().to_vec());
}

#[test]
fn a_list_is_stacked_along_a_run_time_dimension() {
    bind!(batch: Batch = 2, seq: Seq = 5, dim: HeadDim = 3, empty: New = 0);
    let x = Tensor::uniform((batch, seq, dim), -1.0..1.0, &mut Rng::with_seed(1)).tracked();
    let rows: Vec<_> = (0..5).map(|position| x.at(seq, position).unwrap()).collect();
    let stacked = Tensor::try_stack(seq, &rows).unwrap();
    assert_eq!(stacked.permute((batch, seq, dim)).to_vec(), x.to_vec());
    let gradients = stacked.square().sum(seq).sum(batch).sum(dim).backward();
    assert_eq!(gradients.of(&x).to_vec(), (&x * 2.0).to_vec());

    let error = |result: Result<Tensor<_>, Error>| result.unwrap_err().to_string();
    assert_eq!(
        error(Tensor::try_stack(seq, &rows[1..])),
        "`Seq` has 5 positions, and the tensors to be stacked along it are 4"
    );
    let none = Tensor::try_stack(empty, &rows[..0]).unwrap_err().to_string();
    assert_eq!(none, "`New` has 0 positions, and there is no tensor to be stacked along it");
}

#[test]
fn a_list_of_one_shape_makes_a_product() {
    for seed in 0..30 {
        let ([b, n, k, d], mut rng) = sizes(seed);
        bind!(batch: Batch = b, count: New = n + 1, chunk: Keys = k, dim: HeadDim = d);
        let list: Vec<_> =
            (0..=n).map(|_| Tensor::uniform((batch, chunk, dim), -1.0..1.0, &mut rng).tracked()).collect();
        let parts: Vec<_> = list.iter().map(Tensor::to_vec).collect();
        let joined = Tensor::try_concat(count, chunk, &list).unwrap();
        let expected =
            Tensor::from_fn((batch, Times(count, chunk), dim), |[c, i, m]| parts[i / k][(c * k + i % k) * d + m]);
        assert_eq!(joined.to_vec(), expected.to_vec());
        let apart = joined.chunks(Times(count, chunk));
        assert_eq!(apart.iter().map(Tensor::to_vec).collect::<Vec<_>>(), parts);

        // The gradient of the sum of the squares of the last part.
        let gradients = apart[n].square().sum(batch).sum(chunk).sum(dim).backward();
        for (i, part) in list.iter().enumerate() {
            let factor = if i == n { 2.0 } else { 0.0 };
            assert_eq!(gradients.of(part).to_vec(), (part * factor).to_vec());
        }
    }
    let one = Tensor::ones((N::<2>,));
    let error = Tensor::try_concat(N::<3>, N::<2>, &[one]).unwrap_err().to_string();
    assert_eq!(error, "`N<3>` has 3 positions, and the tensors to be stacked along it are 1");
}

#[test]
fn a_tensor_comes_apart_along_a_run_time_dimension() {
    for seed in 0..30 {
        let ([b, s, d], mut rng) = sizes(seed);
        bind!(batch: Batch = b, seq: Seq = s, dim: HeadDim = d);
        let x = Tensor::uniform((batch, seq, dim), -1.0..1.0, &mut rng);
        let list = x.unstack_vec(seq);
        assert_eq!(list.len(), s);
        for (position, part) in list.iter().enumerate() {
            assert_eq!(part.to_vec(), x.at(seq, position).unwrap().to_vec());
        }
    }
}

#[test]
fn pieces_of_different_lengths_make_a_total() {
    for seed in 0..30 {
        let (lengths, mut rng) = sizes::<4>(seed);
        bind!(batch: Batch = 2, all: Embed = lengths.iter().sum(), dim: HeadDim = 3);
        let mut parts = Vec::new();
        let pieces = lengths.map(|length| {
            bind!(seq: Seq = length);
            let x = Tensor::uniform((batch, seq, dim), -1.0..1.0, &mut rng);
            parts.push(x.to_vec());
            x.piece(seq)
        });
        let x = Piece::concat(all, &pieces).unwrap().tracked();
        let places: Vec<_> =
            lengths.iter().enumerate().flat_map(|(part, &length)| (0..length).map(move |i| (part, i))).collect();
        let expected = Tensor::from_fn((batch, all, dim), |[b, i, m]| {
            let (part, i) = places[i];
            parts[part][(b * lengths[part] + i) * 3 + m]
        });
        assert_eq!(x.to_vec(), expected.to_vec());

        // Each apart, by its number: the gradient is that number.
        let apart = x.pieces(all, &lengths).unwrap();
        let mut total = Tensor::zeros(());
        for (number, piece) in apart.iter().enumerate() {
            bind!(seq: Seq = piece.size());
            let piece = piece.along(seq).unwrap();
            assert_eq!(piece.to_vec(), parts[number]);
            total += piece.sum(batch).sum(seq).sum(dim) * number as f32;
        }
        let numbers = Tensor::from_fn((batch, all, dim), |[_, i, _]| places[i].0 as f32);
        assert_eq!(total.backward().of(&x).to_vec(), numbers.to_vec());
    }
}

#[test]
fn pieces_that_make_another_total_are_told() {
    bind!(all: Embed = 5, seq: Seq = 2, dim: HeadDim = 1);
    let x = Tensor::ones((all, dim));
    let error = |result: Result<Vec<Piece<_>>, Error>| result.unwrap_err().to_string();
    assert_eq!(error(x.pieces(all, &[3, 3])), "`Embed` has 5 positions, and the 2 pieces along it have 6 together");
    assert_eq!(error(x.pieces(all, &[4])), "`Embed` has 5 positions, and the piece along it has 4");
    assert_eq!(error(x.pieces(all, &[])), "`Embed` has 5 positions, and there is no piece to be joined along it");
    let wrapped = error(x.pieces(all, &[usize::MAX, 6]));
    assert!(wrapped.contains(&format!("have {} together", usize::MAX)), "{wrapped}");

    let pieces = x.pieces(all, &[4, 1]).unwrap();
    let error = pieces[0].along(seq).unwrap_err().to_string();
    assert_eq!(error, "`Seq` has 2 positions, and the piece along it has 4");
    let error = Piece::concat(seq, &pieces).unwrap_err().to_string();
    assert_eq!(error, "`Seq` has 2 positions, and the 2 pieces along it have 5 together");
    bind!(empty: New = 0);
    let error = Piece::concat(empty, &pieces[..0]).unwrap_err().to_string();
    assert_eq!(error, "`New` has 0 positions, and there is no piece to be joined along it");
}
