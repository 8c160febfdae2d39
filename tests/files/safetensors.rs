//! Files of weights: what is taken, what is reported, and what a hostile file can do.

use congruent::half::f16;
use congruent::io::{LoadError, Problem, SafeTensors, Weights, Writer, load};
use congruent::nn::{LayerNorm, Linear, RmsNorm, Rotary, RotaryLayout};
use congruent::optim::{Adam, Optimizer};
use congruent::prelude::*;

dims! { Embed = 2; Hidden = 3; Rows = 4; }

fn written() -> Vec<u8> {
    let mut writer = Writer::default();
    writer.add("up.weight", &Tensor::from_fn((Hidden, Embed), |[h, e]| (h * 10 + e) as f32));
    writer.add("up.bias", &Tensor::ones((Hidden,)));
    writer.add("ids", &Cpu::<i64>::from_fn((Rows,), |[r]| r as i64));
    writer.add("half", &Cpu::<f16>::ones((Embed,)));
    writer.to_bytes().unwrap()
}

#[test]
fn what_was_saved_is_loaded() {
    let path = std::env::temp_dir().join(format!("congruent-{}.safetensors", std::process::id()));
    std::fs::write(&path, written()).unwrap();
    let (weight, bias) = load(&SafeTensors::open(&path).unwrap(), |weights: Weights<'_, f32>| {
        weights.ignore("ids");
        weights.ignore("half");
        let up = weights.at("up");
        assert!(up.has("weight") && !up.has("scale"));
        (up.tensor("weight", (Hidden, Embed)), up.tensor("bias", (Hidden,)))
    })
    .unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(weight.to_vec(), [0.0, 1.0, 10.0, 11.0, 20.0, 21.0]);
    assert_eq!(bias.to_vec(), [1.0; 3]);
}

#[test]
fn one_error_lists_everything() {
    let file = SafeTensors::from_bytes(written()).unwrap();
    let error = load(&file, |weights: Weights<'_, f32>| {
        weights.at("up").tensor("weight", (Embed, Hidden));
        weights.at("up").tensor("scale", (Embed,));
        weights.tensor("half", (Embed,));
    })
    .unwrap_err();
    let LoadError::Weights(problems) = &error else { panic!("{error}") };
    assert_eq!(problems.len(), 5);
    assert!(matches!(&problems[3], Problem::Surplus { name, .. } if name == "ids"));
    let expected = "the file does not fit the model in 5 tensors:
  shape: `up.weight`, expected (Embed = 2, Hidden = 3), found [3, 2]
  missing: `up.scale`, expected (Embed = 2)
  element type: `half`, expected F32, found F16
  surplus: `ids` of sizes [4]
  surplus: `up.bias` of sizes [3]";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn other_element_types_are_converted_where_that_is_asked_for() {
    let file = SafeTensors::from_bytes(written()).unwrap();
    let (half, ids) = load(&file, |weights: Weights<'_, f32>| {
        weights.ignore("up");
        let weights = weights.casting();
        (weights.tensor("half", (Embed,)), weights.tensor("ids", (Rows,)))
    })
    .unwrap();
    assert_eq!((half.to_vec(), ids.to_vec()), (vec![1.0; 2], vec![0.0, 1.0, 2.0, 3.0]));
}

#[test]
fn a_missing_file_is_named() {
    let error = SafeTensors::open("no/such/file").err().unwrap();
    assert!(error.to_string().starts_with("no/such/file: "), "{error}");
}

/// A file of this header and this many bytes of data.
fn file(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(std::iter::repeat_n(0, data));
    bytes
}

#[test]
fn hostile_files_are_errors() {
    let cases: [(&str, Vec<u8>); 13] = [
        ("empty", Vec::new()),
        ("no header", 100u64.to_le_bytes().to_vec()),
        ("a header larger than memory", u64::MAX.to_le_bytes().repeat(4)),
        ("not JSON", file("[[[[[[[", 0)),
        ("not UTF-8", [&2u64.to_le_bytes()[..], &[0xff, 0xfe]].concat()),
        ("unknown type", file(r#"{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}"#, 4)),
        ("data that ends early", file(r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#, 8)),
        ("data that nobody owns", file(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8)),
        ("a shape larger than its data", file(r#"{"a":{"dtype":"F32","shape":[1000],"data_offsets":[0,4]}}"#, 4)),
        (
            "a size that overflows",
            file(r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}"#, 0),
        ),
        ("offsets in the wrong order", file(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4)),
        (
            "tensors that overlap",
            file(
                r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
                12,
            ),
        ),
        ("a negative size", file(r#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4)),
    ];
    for (what, bytes) in cases {
        let error = SafeTensors::from_bytes(bytes).err().unwrap_or_else(|| panic!("{what} was taken"));
        assert!(matches!(error, LoadError::Format(_)), "{what}: {error}");
    }
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let bytes = written();
    for length in 0..bytes.len() {
        assert!(SafeTensors::from_bytes(bytes[..length].to_vec()).is_err(), "{length} of {} bytes", bytes.len());
    }
}

#[test]
fn a_file_with_any_bit_turned_is_an_error_or_a_file() {
    let bytes = written();
    for bit in 0..bytes.len() * 8 {
        let mut turned = bytes.clone();
        turned[bit / 8] ^= 1 << (bit % 8);
        // Taken or refused: it must not panic, nor when its tensors are read.
        if let Ok(file) = SafeTensors::from_bytes(turned) {
            let _ =
                load(&file, |weights: Weights<'_, f32>| weights.at("up").tensor("weight", (Hidden, Embed)).to_vec());
        }
    }
}

#[test]
fn sizes_that_cannot_be_counted_are_refused() {
    let file = file(r#"{"a":{"dtype":"F32","shape":[0,9223372036854775808],"data_offsets":[0,0]}}"#, 0);
    let error = SafeTensors::from_bytes(file).err().expect("the file was taken").to_string();
    let expected = "tensor `a` of sizes [0, 9223372036854775808]: more elements than can be counted";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn what_a_header_has_twice_is_named() {
    let one = r#"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#;
    let two = r#"{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#;
    let cases = [
        (file(&format!(r#"{{"a":{one},"a":{one}}}"#), 4), "tensor `a` is there twice"),
        (file(&format!(r#"{{"a":{one},"b":{two},"a":{one}}}"#), 8), "tensor `a` is there twice"),
        (file(&format!(r#"{{"a":{one},"a":{two}}}"#), 8), "tensor `a` is there twice"),
        // The same name in another spelling.
        (file(&format!(r#"{{"a":{one},"\u0061":{one}}}"#), 4), "tensor `a` is there twice"),
        (file(&format!(r#"{{"__metadata__":{{"k":"1","k":"2"}},"a":{one}}}"#), 4), "metadata `k` is there twice"),
        (file(&format!(r#"{{"__metadata__":{{}},"__metadata__":{{}},"a":{one}}}"#), 4), "is there twice"),
        // Spellings of nothing, and of a tensor, that the format's reader takes.
        (file(&format!(r#"{{"__metadata__":null,"a":{one},"a":{two}}}"#), 8), "tensor `a` is there twice"),
        (file(&format!(r#"{{"a":["F32",[1],[0,4]],"a":{one}}}"#), 4), "tensor `a` is there twice"),
    ];
    for (bytes, expected) in cases {
        let error = SafeTensors::from_bytes(bytes).err().expect("the file was taken").to_string();
        assert!(error.contains(expected), "{error}");
    }
    let file = file(&format!(r#"{{"__metadata__":{{"a":"1"}},"a":{one},"b":{two}}}"#), 8);
    assert!(SafeTensors::from_bytes(file).is_ok());
    let mut writer = Writer::default();
    writer.add("__metadata__", &Tensor::ones((Embed,)));
    assert!(writer.to_bytes().unwrap_err().to_string().contains("`__metadata__`"));
}

#[test]
fn two_parameters_of_one_path_are_neither_saved_nor_loaded() {
    #[derive(Clone, Module)]
    struct Model {
        #[module(name = "weight")]
        first: Tensor<(Embed,)>,
        #[module(name = "weight")]
        second: Tensor<(Embed,)>,
    }
    let model = Model { first: Tensor::zeros((Embed,)), second: Tensor::ones((Embed,)) };
    let mut writer = Writer::default();
    writer.module("model", &model);
    let error = writer.to_bytes().unwrap_err().to_string();
    assert!(error.contains("two parameters of the model have the path `model.weight`"), "{error}");

    let mut writer = Writer::default();
    writer.add("model.weight", &model.first);
    let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let error = load(&file, |weights: Weights<'_, f32>| weights.at("model").module(&model)).err().unwrap().to_string();
    assert!(error.contains("`model.weight`: two parameters of the model have this path"), "{error}");
    // One array in two places of a model is no such case.
    let tied = |weights: Weights<'_, f32>| [0; 2].map(|_| weights.at("model").tensor("weight", (Embed,)));
    assert!(load(&file, tied).is_ok());
}

#[test]
fn a_file_of_damaged_bytes_is_an_error_or_a_file() {
    let whole = written();
    let numbers =
        ["0", "18446744073709551615", "18446744073709551616", "-1", "1e9", "4294967296", "null", "[]", "\"\""];
    let mut rng = fastrand::Rng::with_seed(1);
    for _ in 0..4000 {
        let mut bytes = whole.clone();
        for _ in 0..rng.usize(1..4) {
            let (at, to) = (rng.usize(0..bytes.len().min(300)), rng.usize(0..bytes.len()));
            match rng.u8(0..5) {
                0 => bytes[at] = rng.u8(..),
                1 => bytes.truncate(to.max(1)),
                2 => drop(bytes.splice(at..(at + rng.usize(0..9)).min(bytes.len()), numbers[rng.usize(..9)].bytes())),
                3 => bytes.insert(at, rng.u8(b' '..0x7f)),
                _ => drop(bytes.remove(at)),
            }
        }
        // With a header as long as it says, more is read of it.
        if rng.bool() && bytes.len() > 8 {
            let end = bytes.iter().rposition(|&byte| byte == b'}').unwrap_or(8).max(8);
            let length = (end - 7) as u64;
            bytes[..8].copy_from_slice(&length.to_le_bytes());
        }
        if let Ok(file) = SafeTensors::from_bytes(bytes) {
            let _ = load(&file, |weights: Weights<'_, f32>| {
                let weights = weights.casting();
                weights.tensor("half", (Embed,)).to_vec();
                weights.tensor("ids", (Rows,)).to_vec();
                weights.at("up").tensor("weight", (Hidden, Embed)).to_vec()
            });
        }
    }
}

#[test]
fn a_count_of_another_type_is_named() {
    let linear = Linear::random(Embed, Hidden, &mut Rng::with_seed(1));
    let mut writer = Writer::default();
    writer.module("", &linear);
    writer.add("optimizer.weight.steps", &Tensor::full((), 3.0));
    let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let optimizer = Optimizer::new(Adam::default());
    let read = |weights: Weights<'_, f32>| {
        let model = weights.module(&linear);
        drop(optimizer.load(&weights.at("optimizer"), &model));
    };
    let error = load(&file, read).unwrap_err().to_string();
    assert!(error.contains("`optimizer.weight.steps`") && error.contains("U64"), "{error}");
}

#[test]
fn an_epsilon_that_is_none_is_an_error() {
    let mut writer = Writer::default();
    ["a.weight", "a.bias", "b.weight"].iter().for_each(|name| writer.add(*name, &Tensor::ones((Embed,))));
    let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let loaded = |epsilon| {
        let norms = |weights: Weights<'_, f32>| {
            (LayerNorm::load(&weights.at("a"), Embed, epsilon), RmsNorm::load(&weights.at("b"), Embed, epsilon))
        };
        load(&file, norms).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!([0.0, 1e-5].map(loaded), [Ok(()), Ok(())]);
    for (epsilon, text) in [(-1e-5, "-0.00001"), (f64::NAN, "NaN")] {
        let expected = format!(
            "the file does not fit the model in 2 tensors:
  data: `a.epsilon`: it is {text}, expected a number from 0 on
  data: `b.epsilon`: it is {text}, expected a number from 0 on"
        );
        assert_eq!(loaded(epsilon), Err(expected));
        let panics = |f: &dyn Fn()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).is_err();
        assert!(panics(&|| drop(LayerNorm::new(Embed, epsilon))) && panics(&|| drop(RmsNorm::new(Embed, epsilon))));
        let norm = RmsNorm { weight: Tensor::ones((Embed,)), epsilon };
        assert!(panics(&|| drop(norm.forward(&Tensor::ones((Rows, Embed))))));
    }
}

#[test]
fn a_base_of_positions_that_is_none_is_an_error() {
    dims! { HeadDim = 4; }
    for base in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = Rotary::check(Rows, HeadDim, base, RotaryLayout::Half).expect_err("a table was made");
        assert_eq!(error.to_string(), format!("`base` is {base}, expected a number above 0"));
        let error = Rotary::with_frequencies(Rows, HeadDim, &[1.0, f64::NAN], RotaryLayout::Half).err().unwrap();
        assert_eq!(error.to_string(), "`frequency` is NaN, expected a finite number");
    }
}

#[test]
fn tensors_that_are_not_aligned_are_read() {
    // Three bytes before the numbers put them where no `f32` may be.
    let header = r#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"F32","shape":[2],"data_offsets":[3,11]}}"#;
    let mut bytes = file(header, 11);
    let end = bytes.len();
    bytes[end - 8..end - 4].copy_from_slice(&1.5f32.to_le_bytes());
    let file = SafeTensors::from_bytes(bytes).unwrap();
    let b = load(&file, |weights: Weights<'_, f32>| {
        weights.ignore("a");
        weights.tensor("b", (Embed,))
    });
    assert_eq!(b.unwrap().to_vec(), [1.5, 0.0]);
}

#[test]
fn empty_tensors_are_tensors() {
    dims! { Nothing = 0; }
    let mut writer = Writer::default();
    writer.add("nothing", &Tensor::ones((Nothing, Embed)));
    let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let nothing = load(&file, |weights: Weights<'_, f32>| weights.tensor("nothing", (Nothing, Embed))).unwrap();
    assert_eq!(nothing.sizes(), [0, 2]);
    // Of every type, as it is and converted.
    for dtype in ["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL", "F8_E4M3"]
    {
        for sizes in ["[0]", "[0,2]", "[2,0]"] {
            let bytes =
                self::file(&format!(r#"{{"a":{{"dtype":"{dtype}","shape":{sizes},"data_offsets":[0,0]}}}}"#), 0);
            let file = SafeTensors::from_bytes(bytes).unwrap();
            let read = |casts| {
                let _ = load(&file, |weights: Weights<'_, f32>| {
                    let weights = if casts { weights.casting() } else { weights };
                    let vector = weights.tensor("a", (Nothing,));
                    let rows = weights.tensor("a", (Nothing, Embed));
                    let columns = weights.tensor("a", (Embed, Nothing));
                    [vector.to_vec(), rows.to_vec(), columns.to_vec()]
                });
            };
            [false, true].into_iter().for_each(read);
        }
    }
}
