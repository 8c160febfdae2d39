//! Repeats one operation, for `scripts/instructions.sh` to count the instructions.
//!
//! Arguments: the number of the operation, `bare`, `fixed` or `bound`, and how often.

mod operations;

use operations::with_small;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [number, way, times] = arguments.as_slice() else {
        return eprintln!("see scripts/instructions.sh");
    };
    with_small(|fixed, bound| {
        let at: usize = number.parse().expect("the number of an operation");
        let Some(operation) = fixed.get(at) else { return };
        let run = match way.as_str() {
            "bare" => &operation.bare,
            "fixed" => &operation.typed,
            "bound" => &bound[at].typed,
            _ => panic!("no way called {way}"),
        };
        println!("{}", operation.name);
        for _ in 0..times.parse::<u64>().expect("a number of times") {
            run();
        }
    });
}
