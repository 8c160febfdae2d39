use gallery_ndarray::*;
use ndarray::Axis;

fn main() {
    let (english, german) = (wave((10, 2)), -wave((10, 2))); // two tables
    let ids = [3, 4]; // of the English tokenizer
    report(&german.select(Axis(0), &ids), &english.select(Axis(0), &ids));
}
