//! GGUF files: metadata and tensors of files made here, and what a damaged file can do.

use congruent::half::f16;
use congruent::io::{Dtype, Gguf, LoadError, Source, Weights, load};
use congruent::prelude::*;

dims! { Embed = 4; Hidden = 3; Blocks = 64; }

/// A file as the format defines it, part by part.
#[derive(Clone, Default)]
pub struct File {
    metadata: Vec<Vec<u8>>,
    tensors: Vec<Vec<u8>>,
    data: Vec<u8>,
}

pub fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}

impl File {
    pub fn value(mut self, key: &str, kind: u32, value: &[u8]) -> Self {
        self.metadata.push([&text(key)[..], &kind.to_le_bytes(), value].concat());
        self
    }

    fn array(self, key: &str, kind: u32, count: u64, elements: &[u8]) -> Self {
        self.value(key, 9, &[&kind.to_le_bytes()[..], &count.to_le_bytes(), elements].concat())
    }

    /// Sizes are innermost first, as in the format.
    fn info(mut self, name: &str, sizes: &[u64], dtype: u32, offset: u64) -> Self {
        let mut info = text(name);
        info.extend((sizes.len() as u32).to_le_bytes());
        sizes.iter().for_each(|size| info.extend(size.to_le_bytes()));
        info.extend([&dtype.to_le_bytes()[..], &offset.to_le_bytes()].concat());
        self.tensors.push(info);
        self
    }

    pub fn tensor(mut self, name: &str, sizes: &[u64], dtype: u32, bytes: &[u8]) -> Self {
        self.data.resize(self.data.len().next_multiple_of(32), 0);
        let offset = self.data.len() as u64;
        self.data.extend(bytes);
        self.info(name, sizes, dtype, offset)
    }

    fn header(&self) -> Vec<u8> {
        let counts = [self.tensors.len() as u64, self.metadata.len() as u64];
        let mut file = [&b"GGUF"[..], &3u32.to_le_bytes()].concat();
        counts.iter().for_each(|count| file.extend(count.to_le_bytes()));
        file.extend(self.metadata.concat());
        file.extend(self.tensors.concat());
        file
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut file = self.header();
        file.resize(file.len().next_multiple_of(32), 0);
        file.extend(&self.data);
        file
    }

    fn open(&self) -> Result<Gguf, LoadError> {
        Gguf::from_bytes(self.bytes())
    }

    fn error(&self) -> String {
        self.open().err().expect("the file was taken").to_string()
    }
}

fn example() -> File {
    let numbers: Vec<u8> = (0..12).flat_map(|x| (x as f32).to_le_bytes()).collect();
    let halves: Vec<u8> = [1.0, -2.0, 0.5].iter().flat_map(|x| f16::from_f32(*x).to_le_bytes()).collect();
    File::default()
        .value("u8", 0, &[200])
        .value("i8", 1, &(-3i8).to_le_bytes())
        .value("u16", 2, &60_000u16.to_le_bytes())
        .value("i16", 3, &(-300i16).to_le_bytes())
        .value("u32", 4, &4_000_000_000u32.to_le_bytes())
        .value("i32", 5, &(-70_000i32).to_le_bytes())
        .value("f32", 6, &0.25f32.to_le_bytes())
        .value("yes", 7, &[1])
        .value("name", 8, &text("küçük"))
        .array("words", 8, 3, &[text("a"), text(""), text("Ġb")].concat())
        .array("few", 5, 2, &[(-1i32).to_le_bytes(), 7i32.to_le_bytes()].concat())
        .array("scores", 6, 2, &[0.5f32.to_le_bytes(), (-1.5f32).to_le_bytes()].concat())
        .value("u64", 10, &u64::MAX.to_le_bytes())
        .value("i64", 11, &i64::MIN.to_le_bytes())
        .value("f64", 12, &1e300f64.to_le_bytes())
        .value("broken", 8, &[2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe])
        .tensor("up.weight", &[4, 3], 0, &numbers)
        .tensor("half", &[3], 1, &halves)
        .tensor("quantised", &[64, 2], 3, &[7; 80])
        .tensor("unknown", &[5, 7], 19, &[1; 50])
        .tensor("last", &[4], 24, &[1, 2, 3, 4])
}

#[test]
fn metadata_are_read_as_the_types_asked_for() {
    let file = example().open().unwrap();
    assert_eq!(file.integer::<u8>("u8").unwrap(), 200);
    assert_eq!(file.integer::<i64>("i8").unwrap(), -3);
    assert_eq!(file.integer::<usize>("u16").unwrap(), 60_000);
    assert_eq!(file.integer::<i32>("i16").unwrap(), -300);
    assert_eq!(file.integer::<u32>("u32").unwrap(), 4_000_000_000);
    assert_eq!(file.integer::<i32>("i32").unwrap(), -70_000);
    assert_eq!(file.integer::<u64>("u64").unwrap(), u64::MAX);
    assert_eq!(file.integer::<i64>("i64").unwrap(), i64::MIN);
    assert_eq!((file.float("f32").unwrap(), file.float("f64").unwrap()), (0.25, 1e300));
    assert!(file.boolean("yes").unwrap());
    assert_eq!(file.string("name").unwrap(), "küçük");
    assert_eq!(file.strings("words").unwrap(), ["a", "", "Ġb"]);
    assert_eq!(file.integers::<i8>("few").unwrap(), [-1, 7]);
    assert_eq!(file.floats("scores").unwrap(), [0.5, -1.5]);
    assert!(file.has("few") && !file.has("many"));
    assert_eq!(file.keys().count(), 16);
}

#[test]
fn errors_name_the_key_what_was_expected_and_what_was_found() {
    let file = example().open().unwrap();
    let cases = [
        (file.integer::<u32>("none").map(drop), "metadata `none`: expected an integer that fits u32, found nothing"),
        (file.integer::<u32>("i8").map(drop), "metadata `i8`: expected an integer that fits u32, found the integer -3"),
        (file.integer::<u8>("f32").map(drop), "metadata `f32`: expected an integer that fits u8, found the float 0.25"),
        (file.float("u8").map(drop), "metadata `u8`: expected a float, found the integer 200"),
        (file.boolean("name").map(drop), "metadata `name`: expected a boolean, found the text \"küçük\""),
        (file.string("yes").map(drop), "metadata `yes`: expected a text, found true"),
        (
            file.string("broken").map(drop),
            "metadata `broken`: expected a text, found a text of 2 bytes that are not UTF-8",
        ),
        (file.string("words").map(drop), "metadata `words`: expected a text, found an array of 3 values of kind Text"),
        (
            file.strings("few").map(drop),
            "metadata `few`: expected an array, each a text, found the integer -1 at position 0",
        ),
        (
            file.integers::<u8>("few").map(drop),
            "metadata `few`: expected an array, each an integer that fits u8, found the integer -1 at position 0",
        ),
        (file.strings("name").map(drop), "metadata `name`: expected an array, each a text, found the text \"küçük\""),
    ];
    for (result, expected) in cases {
        assert_eq!(result.unwrap_err().to_string(), expected);
    }
}

#[test]
fn tensors_are_found_with_their_sizes_outermost_first() {
    let file = example().open().unwrap();
    assert_eq!(file.names(), ["half", "last", "quantised", "unknown", "up.weight"]);
    let entry = |name| file.get(name).unwrap();
    assert_eq!((entry("quantised").dtype, entry("quantised").sizes), (Dtype::Q4_1, vec![2, 64]));
    assert_eq!(entry("quantised").bytes.as_slice(), [7; 80]);
    // Its length is not known, so it has the gap up to the next as well.
    assert_eq!((entry("unknown").dtype, entry("unknown").sizes), (Dtype::Other("IQ1_S".to_owned()), vec![7, 5]));
    assert_eq!(entry("unknown").bytes.as_slice().len(), 64);
    assert_eq!(entry("last").bytes.as_slice(), [1, 2, 3, 4]);

    let (weight, half, quantised) = load(&file, |weights: Weights<'_, f32>| {
        ["unknown", "last"].iter().for_each(|name| weights.ignore(name));
        let weights = weights.casting();
        let quantised = weights.tensor("quantised", (Rows, Blocks));
        (weights.at("up").tensor("weight", (Hidden, Embed)), weights.tensor("half", (Hidden,)), quantised)
    })
    .unwrap();
    assert_eq!(weight.to_vec(), (0..12).map(|x| x as f32).collect::<Vec<_>>());
    assert_eq!(half.to_vec(), [1.0, -2.0, 0.5]);
    // In each block scale and minimum are the same number; of the first half 7 of the one, and the other.
    let number = congruent::half::f16::from_le_bytes([7, 7]).to_f32();
    for (i, x) in quantised.to_vec().into_iter().enumerate() {
        let expected = if i % 32 < 16 { 8.0 * number } else { number };
        assert!((x - expected).abs() < 1e-6 * expected, "{x} for {expected} at {i}");
    }
    let error = load(&file, |weights: Weights<'_, f32>| {
        ["up", "half", "last", "quantised"].iter().for_each(|name| weights.ignore(name));
        weights.tensor("unknown", (Seven, Five));
    })
    .unwrap_err();
    assert!(error.to_string().contains("element type: `unknown`, expected F32, found IQ1_S"), "{error}");
}
dims! { Rows = 2; Seven = 7; Five = 5; }

#[test]
fn a_file_on_disk_is_mapped() {
    let path = std::env::temp_dir().join(format!("congruent-{}.gguf", std::process::id()));
    std::fs::write(&path, example().bytes()).unwrap();
    let file = Gguf::open(&path).unwrap();
    assert_eq!(file.get("up.weight").unwrap().sizes, [3, 4]);
    drop(file);
    std::fs::write(&path, []).unwrap();
    let error = Gguf::open(&path).err().unwrap().to_string();
    assert!(error.starts_with(&format!("{}: not a file of tensors: ", path.display())), "{error}");
    std::fs::remove_file(&path).unwrap();
    let error = Gguf::open(&path).err().unwrap();
    assert!(matches!(error, LoadError::Io { .. }), "{error}");
}

#[test]
fn a_file_without_anything_is_a_file() {
    let file = File::default().open().unwrap();
    assert!(file.names().is_empty() && file.keys().next().is_none());
    // A scalar, an empty tensor, and another that begins where that one does.
    let file = File::default().info("empty", &[0, 3], 0, 0).info("one", &[], 24, 0);
    let file = File { data: vec![5], ..file }.open().unwrap();
    assert_eq!((file.get("empty").unwrap().sizes, file.get("one").unwrap().sizes), (vec![3, 0], vec![]));
    assert_eq!(file.get("one").unwrap().bytes.as_slice(), [5]);
}

#[test]
fn a_tensor_of_no_elements_needs_no_data() {
    dims! { Nothing = 0; Two = 2; }
    for dtype in (0..40).filter(|dtype| ![4, 5].contains(dtype)) {
        for sizes in [&[0][..], &[0, 2], &[256, 0], &[0, 1 << 63]] {
            let file = File::default().info("t", sizes, dtype, 0);
            // The one file ends with its header, before its data would begin.
            for bytes in [file.header(), file.bytes()] {
                let Ok(file) = Gguf::from_bytes(bytes) else { continue };
                assert_eq!(file.get("t").unwrap().bytes.as_slice(), [0; 0]);
                for casts in [false, true] {
                    let _ = load(&file, |weights: Weights<'_, f32>| {
                        let weights = if casts { weights.casting() } else { weights };
                        let vector = weights.tensor("t", (Nothing,));
                        [vector.to_vec(), weights.tensor("t", (Two, Nothing)).to_vec()]
                    });
                }
            }
        }
    }
    let file = Gguf::from_bytes(File::default().info("t", &[0], 0, 0).header()).unwrap();
    let tensor = load(&file, |weights: Weights<'_, f32>| weights.tensor("t", (Nothing,))).unwrap();
    assert_eq!(tensor.sizes(), [0]);
}

#[test]
fn the_alignment_is_the_one_that_the_file_says() {
    let aligned = |alignment: u32| File::default().value("general.alignment", 4, &alignment.to_le_bytes());
    let file = File { data: vec![9; 9], ..aligned(8).info("a", &[1], 24, 0).info("b", &[1], 24, 8) };
    assert_eq!(file.open().unwrap().get("b").unwrap().bytes.as_slice(), [9]);
    let file = File { data: vec![9; 9], ..aligned(16).info("b", &[1], 24, 8) };
    assert_eq!(file.error(), "not a file of tensors: tensor `b` begins at 8, which is no multiple of 16");
    for alignment in [0, 24, u32::MAX] {
        assert!(aligned(alignment).error().ends_with("which is no power of two"));
    }
    assert!(aligned(1 << 31).open().is_ok());
    let file = File::default().value("general.alignment", 8, &text("32"));
    assert!(file.error().starts_with("metadata `general.alignment`: expected an integer"));
}

#[test]
fn inconsistent_files_are_errors_that_say_why() {
    let with = |at: usize, bytes: &[u8]| {
        let mut file = example().bytes();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        Gguf::from_bytes(file).err().expect("the file was taken").to_string()
    };
    let data = |file: File, data: usize| File { data: vec![0; data], ..file }.error();
    let new = File::default;
    let mut nested = Vec::new();
    (0..100_000).for_each(|_| nested.extend([9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]));
    let cases = [
        (with(0, b"GGML"), "it does not begin with `GGUF`"),
        (with(4, &1u32.to_le_bytes()), "GGUF version 1, and 2 and 3 are known"),
        (with(4, &4u32.to_le_bytes()), "GGUF version 4, and 2 and 3 are known"),
        (with(4, &3u32.to_be_bytes()), "its byte order is big-endian"),
        (with(8, &u64::MAX.to_le_bytes()), "it ends inside its header"),
        (with(16, &u64::MAX.to_le_bytes()), ""),
        (with(24, &u64::MAX.to_le_bytes()), "it ends inside its header: 18446744073709551615 bytes at 32"),
        (new().value("a", 13, &[0; 8]).error(), "there is no kind of metadata 13"),
        (new().value("a", 7, &[2]).error(), "2 stands for a boolean"),
        (new().value("a", 0, &[2]).value("a", 0, &[2]).error(), "metadata `a` is there twice"),
        (new().array("a", 10, u64::MAX / 4, &[]).error(), "it ends inside its header"),
        (new().array("a", 8, u64::MAX, &[]).error(), "it ends inside its header"),
        (new().array("a", 9, 1, &nested).error(), "arrays lie in arrays more than 8 deep"),
        (data(new().info("t", &[8], 0, 0), 31), "tensor `t` has 32 bytes from 0 on, and the file has 31 bytes of data"),
        (data(new().info("t", &[8], 0, 1 << 40), 32), "tensor `t` has 32 bytes from 1099511627776 on"),
        (data(new().info("t", &[8], 0, u64::MAX - 31), 32), "tensor `t` has 32 bytes from 18446744073709551584 on"),
        (data(new().info("t", &[8], 19, 64), 32), "tensor `t` has 0 bytes from 64 on"),
        (data(new().info("t", &[8], 0, 4), 64), "tensor `t` begins at 4, which is no multiple of 32"),
        (data(new().info("t", &[33], 2, 0), 64), "tensor `t` of sizes [33] is not in whole blocks of 32"),
        (data(new().info("t", &[32, 8], 12, 0), 999), "tensor `t` of sizes [32, 8] is not in whole blocks of 256"),
        (data(new().info("t", &[1 << 32, 1 << 32], 0, 0), 64), "is larger than any memory"),
        (data(new().info("t", &[1 << 62], 0, 0), 64), "is larger than any memory"),
        (data(new().info("t", &[8], 0, 0).info("u", &[8], 0, 0), 64), "tensor `t` overlaps `u`"),
        (data(new().info("t", &[16], 0, 0).info("u", &[8], 0, 32), 64), "tensor `t` overlaps `u`"),
        (data(new().info("t", &[8], 0, 0).info("t", &[8], 0, 32), 64), "tensor `t` is there twice"),
        (data(new().info("t", &[8], 0, 0).info("t", &[8], 0, 0), 64), "tensor `t` is there twice"),
        (data(new().info("t", &[0], 0, 0).info("t", &[0], 0, 0), 64), "tensor `t` is there twice"),
        (data(new().info("t", &[256], 16, 0), 0), "tensor `t` has 0 bytes from 0 on, and the file has 0 bytes of data"),
    ];
    for (found, expected) in cases {
        assert!(found.contains(expected), "{found}");
    }
}

/// Reads everything that the file has; it must not panic.
fn read(file: &Gguf) {
    for key in file.keys() {
        let _ = (file.integer::<u32>(key), file.float(key), file.boolean(key), file.string(key));
        let _ = (file.integers::<u32>(key), file.floats(key), file.strings(key));
    }
    for name in file.names() {
        let entry = file.get(&name).unwrap();
        let _ = entry.bytes.as_slice().len();
    }
    let _ = load(file, |weights: Weights<'_, f32>| {
        weights.casting().at("up").tensor("weight", (Hidden, Embed)).to_vec();
    });
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let bytes = example().bytes();
    for length in 0..bytes.len() {
        assert!(Gguf::from_bytes(bytes[..length].to_vec()).is_err(), "{length} of {} bytes", bytes.len());
    }
}

#[test]
fn a_file_of_damaged_numbers_is_an_error_or_a_file() {
    let whole = example().bytes();
    let numbers = [0, 1, 2, 9, 31, 32, 255, 1 << 31, 1 << 32, 1 << 62, 1 << 63, u64::MAX - 31, u64::MAX];
    let mut rng = fastrand::Rng::with_seed(1);
    for _ in 0..4000 {
        let mut bytes = whole.clone();
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(0..bytes.len());
            let number = numbers[rng.usize(..numbers.len())].to_le_bytes();
            match rng.u8(0..4) {
                0 => bytes[at] = rng.u8(..),
                1 => bytes.truncate(at.max(1)),
                2 => bytes.iter_mut().skip(at).zip(number).for_each(|(byte, of_number)| *byte = of_number),
                _ => bytes.iter_mut().skip(at).zip(&number[..4]).for_each(|(byte, of_number)| *byte = *of_number),
            }
        }
        if let Ok(file) = Gguf::from_bytes(bytes) {
            read(&file);
        }
    }
}

#[test]
fn a_file_damaged_anywhere_is_an_error_or_a_file() {
    let bytes = example().bytes();
    for at in 0..bytes.len() {
        for damage in [1, 2, 16, 0x7f, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= damage;
            if let Ok(file) = Gguf::from_bytes(damaged) {
                read(&file);
            }
        }
    }
}
