//! What is written as GGUF: the bytes of the format, what is read of them again, and what the format has no place for.

use crate::gguf::{File, text};
use congruent::half::{bf16, f16};
use congruent::io::{Dtype, Gguf, Source, Stored, Weights, Writer, load};
use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Rows = 3; Columns = 2; One = 1; Nothing = 0; }

/// A tensor of each element type that the format has, with its number there, and the bytes of its elements.
fn each_type(mut each: impl FnMut(Dtype, u32, &[u8], &mut dyn FnMut(&mut Writer))) {
    macro_rules! types { ($($T:ident $number:literal $($convert:path)?),*) => {$({
        let elements: Vec<$T> = [-2i8, -1, 0, 1, 2, 3].into_iter().map($($convert)?).collect();
        let bytes: Vec<u8> = elements.iter().flat_map(|x| x.to_le_bytes()).collect();
        let tensor = Cpu::<$T>::from_vec((Rows, Columns), elements).unwrap();
        let dtype = <$T as Stored>::DTYPE;
        each(dtype.clone(), $number, &bytes, &mut |writer| writer.add(dtype.to_string(), &tensor));
    })*} }
    types!(
        bf16 30 bf16::from, f16 1 f16::from, f32 0 f32::from, f64 28 f64::from,
        i16 25 i16::from, i32 26 i32::from, i64 27 i64::from, i8 24 i8::from
    );
}

#[test]
fn bytes_are_those_of_the_format() {
    let (mut writer, mut expected) = (Writer::default(), File::default());
    writer.metadata("words", "a küçük\none");
    writer.metadata("layers", 5);
    expected = expected.value("layers", 8, &text("5")).value("words", 8, &text("a küçük\none"));
    // By their names, which are in this order.
    let mut by_name = Vec::new();
    each_type(|dtype, number, bytes, add| {
        add(&mut writer);
        by_name.push((dtype.to_string(), number, bytes.to_vec()));
    });
    by_name.sort();
    for (name, number, bytes) in &by_name {
        expected = expected.tensor(name, &[2, 3], *number, bytes);
    }
    let mut expected = expected.bytes();
    // What is behind the last tensor belongs to it.
    expected.resize(expected.len().next_multiple_of(32), 0);
    assert_eq!(writer.to_gguf().unwrap(), expected);
}

#[test]
fn what_was_written_is_read() {
    let mut writer = Writer::default();
    writer.metadata("words", "a küçük\none");
    writer.metadata("layers", 5);
    writer.metadata("nothing", "");
    writer.add("scalar", &Tensor::full((), 1.5));
    writer.add("one", &Tensor::ones((One,)));
    writer.add("empty", &Tensor::ones((Rows, Nothing)));
    writer.add("four", &Cpu::<i32>::from_fn((One, Rows, Columns, One), |[_, r, c, _]| (10 * r + c) as i32));
    let mut expected = Vec::new();
    each_type(|dtype, _, bytes, add| {
        add(&mut writer);
        expected.push((dtype, bytes.to_vec()));
    });
    let file = Gguf::from_bytes(writer.to_gguf().unwrap()).unwrap();
    assert_eq!(file.names().len(), 12);
    for (dtype, bytes) in expected {
        let entry = file.get(&dtype.to_string()).unwrap();
        assert_eq!((entry.dtype, entry.sizes, entry.bytes.as_slice()), (dtype, vec![3, 2], &bytes[..]));
    }
    let entry = |name: &str| {
        let entry = file.get(name).unwrap();
        (entry.sizes, entry.bytes.as_slice().to_vec())
    };
    assert_eq!(entry("scalar"), (vec![], 1.5f32.to_le_bytes().to_vec()));
    assert_eq!(entry("one"), (vec![1], 1f32.to_le_bytes().to_vec()));
    assert_eq!(entry("empty"), (vec![3, 0], vec![]));
    assert_eq!(entry("four").0, [1, 3, 2, 1]);
    assert_eq!(entry("four").1, [0i32, 1, 10, 11, 20, 21].map(i32::to_le_bytes).concat());

    assert_eq!(file.keys().collect::<Vec<_>>(), ["layers", "nothing", "words"]);
    assert_eq!(file.metadata::<String>("words").unwrap(), "a küçük\none");
    assert_eq!(file.metadata::<usize>("layers").unwrap(), 5);
    assert_eq!(file.string("nothing").unwrap(), "");
    let error = |key| file.metadata::<usize>(key).unwrap_err().to_string();
    assert_eq!(error("embed"), "metadata `embed`: expected a text for usize, found nothing");
    let expected = "metadata `words`: expected a text for usize, found the text \"a küçük\\none\"";
    assert_eq!(error("words"), expected);
}

#[test]
fn a_file_without_tensors_is_a_file() {
    let mut writer = Writer::default();
    assert_eq!(Gguf::from_bytes(writer.to_gguf().unwrap()).unwrap().keys().count(), 0);
    writer.metadata("licence", "MIT");
    let file = Gguf::from_bytes(writer.to_gguf().unwrap()).unwrap();
    assert!(file.names().is_empty());
    assert_eq!(file.string("licence").unwrap(), "MIT");
}

#[test]
fn a_model_is_saved_and_loaded() {
    let layer = Linear::random(Columns, Rows, &mut Rng::with_seed(1));
    let mut writer = Writer::default();
    writer.module("up", &layer);
    let file = Gguf::from_bytes(writer.to_gguf().unwrap()).unwrap();
    let loaded = load(&file, |weights: Weights<'_, f32>| weights.at("up").module(&layer)).unwrap();
    assert_eq!((loaded.weight.to_vec(), loaded.bias.unwrap().to_vec()), {
        let Linear { weight, bias } = layer;
        (weight.to_vec(), bias.unwrap().to_vec())
    });
}

#[cfg(feature = "safetensors")]
#[test]
fn a_path_chooses_the_format() {
    use congruent::io::SafeTensors;
    let folder = tempfile::tempdir().unwrap();
    let [gguf, other] = ["model.gguf", "model.safetensors"].map(|name| folder.path().join(name));
    let mut writer = Writer::default();
    writer.add("scale", &Tensor::ones((Columns,)));
    writer.write(&gguf).unwrap();
    writer.write(&other).unwrap();
    assert_eq!(Gguf::open(&gguf).unwrap().names(), ["scale"]);
    assert_eq!(SafeTensors::open(&other).unwrap().names(), ["scale"]);
    assert_eq!(std::fs::read(gguf).unwrap(), writer.to_gguf().unwrap());
}

#[test]
fn what_the_format_has_no_place_for_is_an_error() {
    fn error(fill: impl FnOnce(&mut Writer)) -> String {
        let mut writer = Writer::default();
        fill(&mut writer);
        let error = writer.to_gguf().unwrap_err().to_string();
        error.strip_prefix("not a file of tensors: ").unwrap().to_owned()
    }
    macro_rules! refused { ($($T:ident $name:literal),*) => {$(
        let found = error(|writer| writer.add("ids", &Cpu::<$T>::ones((Rows,))));
        assert_eq!(found, concat!("tensor `ids` has elements of ", $name, ", a type that GGUF has not"));
    )*} }
    refused!(u8 "U8", u16 "U16", u32 "U32", u64 "U64");

    let found = error(|writer| writer.add("deep", &Tensor::ones((One, Rows, Columns, Rows, One))));
    assert_eq!(found, "tensor `deep` has 5 axes, and GGUF takes 4: its sizes are [1, 3, 2, 3, 1]");
    // In bytes, not in letters.
    let mut names = Writer::default();
    names.add("n".repeat(63), &Tensor::ones((One,)));
    assert!(names.to_gguf().is_ok());
    let name = "ü".repeat(32);
    let found = error(|writer| writer.add(name.as_str(), &Tensor::ones((One,))));
    assert_eq!(found, format!("tensor `{name}` has a name of 64 bytes, and GGUF takes 63"));

    let found = error(|writer| writer.metadata("general.alignment", 64));
    assert_eq!(found, "metadata `general.alignment` is a number that GGUF has for itself");
    let found = error(|writer| writer.metadata("", "a"));
    assert_eq!(found, "a key of metadata has 0 bytes, and GGUF takes 1 to 65535");
    let found = error(|writer| writer.metadata("k".repeat(65536), "a"));
    assert_eq!(found, "a key of metadata has 65536 bytes, and GGUF takes 1 to 65535");
}
