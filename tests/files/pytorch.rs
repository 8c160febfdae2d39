//! Files of PyTorch: what is taken of them, and what a wrong or hostile one can do.

use congruent::half::{bf16, f16};
use congruent::io::{Dtype, LoadError, PyTorch, Shards, Source, Weights, load};
use congruent::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

dims! { Embed = 2; Hidden = 3; }

/// A file that `tests/reference/make_pytorch.py` has made.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/pytorch").join(name)
}

fn refused(path: &Path) -> String {
    let error = PyTorch::open(path).err().unwrap_or_else(|| panic!("{} was taken", path.display()));
    let of_the_format = matches!(&error, LoadError::File { error, .. } if matches!(**error, LoadError::Format(_)));
    assert!(of_the_format, "{error}");
    let error = error.to_string();
    let reason = error.strip_prefix(&format!("{}: not a file of tensors: ", path.display()));
    reason.unwrap_or_else(|| panic!("{error}")).to_owned()
}

/// The numbers of all element types, as the script that wrote them has them.
fn expected() -> Vec<(&'static str, Dtype, Vec<usize>, Vec<u8>)> {
    macro_rules! bytes { ($T:ty: $($x:expr),*) => { [$(<$T>::to_le_bytes($x)),*].concat() } }
    let f32s = |numbers: &[f32]| numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let weight = f32s(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let half = [1.0, 0.5, -65504.0].map(f16::from_f32);
    let brain = [1.0, -0.5, 3e38].map(bf16::from_f32);
    vec![
        ("bf16", Dtype::BF16, vec![3], bytes!(bf16: brain[0], brain[1], brain[2])),
        ("bool", Dtype::Other("BOOL".to_owned()), vec![2], vec![1, 0]),
        ("column", Dtype::F32, vec![3], f32s(&[1.0, 3.0, 5.0])),
        ("empty", Dtype::F32, vec![0, 2], vec![]),
        ("expanded", Dtype::F32, vec![4], f32s(&[7.0; 4])),
        ("f16", Dtype::F16, vec![3], bytes!(f16: half[0], half[1], half[2])),
        ("f64", Dtype::F64, vec![2], bytes!(f64: 1.0, -2.0)),
        ("i16", Dtype::I16, vec![2], bytes!(i16: 1, -2)),
        ("i32", Dtype::I32, vec![2], bytes!(i32: 1, -(1 << 30))),
        ("i64", Dtype::I64, vec![2], bytes!(i64: 1, -(1 << 40))),
        ("i8", Dtype::I8, vec![2], bytes!(i8: 1, -2)),
        ("linear.bias", Dtype::F32, vec![3], f32s(&[-1.0, 0.5, 2.0])),
        ("linear.weight", Dtype::F32, vec![3, 2], weight.clone()),
        ("permuted", Dtype::F32, vec![2, 2, 3], f32s(&[0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 1.0, 3.0, 5.0, 7.0, 9.0, 11.0])),
        ("row", Dtype::F32, vec![2], f32s(&[2.0, 3.0])),
        ("scalar", Dtype::F32, vec![], f32s(&[2.5])),
        ("strided", Dtype::F32, vec![4], f32s(&[1.0, 4.0, 7.0, 10.0])),
        ("tied", Dtype::F32, vec![3, 2], weight),
        ("transposed", Dtype::F32, vec![2, 3], f32s(&[0.0, 2.0, 4.0, 1.0, 3.0, 5.0])),
        ("u8", Dtype::U8, vec![2], vec![1, 255]),
    ]
}

#[test]
fn every_element_type_and_every_view_in_both_formats() {
    for name in ["zip.pt", "legacy.pt"] {
        let file = PyTorch::open(path(name)).unwrap();
        let expected = expected();
        assert_eq!(file.names(), expected.iter().map(|(name, ..)| *name).collect::<Vec<_>>());
        for (name, dtype, sizes, bytes) in expected {
            let entry = file.get(name).unwrap();
            assert_eq!((entry.dtype, entry.sizes, entry.bytes.as_slice()), (dtype, sizes, &bytes[..]), "{name}");
        }
        assert!(file.get("linear").is_none());
    }
}

#[test]
fn a_report_names_the_file() {
    let path = path("checkpoint.pt");
    let file = PyTorch::open(&path).unwrap();
    let error = load(&file, |weights: Weights<'_, f32>| {
        weights.ignore("optimizer");
        let linear = weights.at("state_dict").at("linear");
        (linear.tensor("weight", (Embed, Hidden)), linear.tensor("scale", (Embed,)))
    })
    .unwrap_err();
    let expected = format!(
        "{}: the file does not fit the model in 3 tensors:
  shape: `state_dict.linear.weight`, expected (Embed = 2, Hidden = 3), found [3, 2]
  missing: `state_dict.linear.scale`, expected (Embed = 2)
  surplus: `state_dict.linear.bias` of sizes [3]",
        path.display()
    );
    assert_eq!(error.to_string(), expected);
}

#[test]
fn no_code_of_a_file_is_run() {
    let mark = Path::new("pickle-was-run");
    let file = PyTorch::open(path("hostile.pt")).unwrap();
    assert_eq!(file.names(), ["linear.bias"]);
    let error = load(&file, |weights: Weights<'_, f32>| {
        let linear = weights.at("linear");
        (linear.tensor("weight", (Hidden, Embed)), linear.tensor("bias", (Hidden,)))
    });
    let error = error.unwrap_err().to_string();
    assert!(error.contains("hostile.pt: ") && error.contains("missing: `linear.weight`"), "{error}");
    refused(&path("hostile-alone.pt"));
    assert!(!mark.exists());
}

#[test]
fn what_is_no_file_of_tensors() {
    let cases = [
        ("no-tensors.pt", "it has no tensors"),
        ("beyond-its-memory.pt", "storage"),
        ("uncountable.pt", "overflow"),
        ("expanded.pt", "its tensors are 4294967296 bytes, more than 16 times its length of "),
        ("complex.pt", "Complex"),
        ("sparse.pt", "sparse"),
    ];
    for (name, expected) in cases {
        let reason = refused(&path(name));
        assert!(reason.contains(expected), "{name}: {reason}");
    }
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.pt");
    for bytes in [&b""[..], b"no such file", b"\x80\x02}q\x00.", &[0; 1000]] {
        fs::write(&other, bytes).unwrap();
        refused(&other);
    }
    assert!(matches!(PyTorch::open(folder.path()), Err(LoadError::Io { .. })));
    let missing = PyTorch::open(folder.path().join("missing.pt")).err().unwrap();
    assert!(matches!(&missing, LoadError::Io { path, .. } if path.ends_with("missing.pt")), "{missing}");
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.pt");
    for name in ["zip.pt", "legacy.pt"] {
        let bytes = fs::read(path(name)).unwrap();
        for length in (0..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
            fs::write(&cut, &bytes[..length]).unwrap();
            refused(&cut);
        }
    }
}

/// A file may then be another one, or none, and is never more than that.
#[test]
fn a_file_with_a_changed_byte_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let changed = folder.path().join("changed.pt");
    let mut random = Rng::with_seed(1);
    for name in ["zip.pt", "legacy.pt"] {
        let bytes = fs::read(path(name)).unwrap();
        for _ in 0..500 {
            let mut bytes = bytes.clone();
            let [at, bit] = [bytes.len(), 8].map(|below| (random.f64() * below as f64) as usize);
            bytes[at] ^= 1 << bit;
            fs::write(&changed, bytes).unwrap();
            if let Ok(file) = PyTorch::open(&changed) {
                assert!(file.names().iter().all(|name| file.get(name).is_some()));
            }
        }
    }
}

#[test]
fn two_files_with_one_tensor_are_both_named() {
    let (first, second) = (path("zip.pt"), path("legacy.pt"));
    let files = [&first, &second].map(|path| PyTorch::open(path).unwrap());
    let error = Shards::new(Vec::from(files)).err().unwrap().to_string();
    let (first, second) = (first.display(), second.display());
    assert_eq!(error, format!("not a file of tensors: tensor `bf16` is in {first} and in {second}"));
}
