//! What was checked, and what was found to be wrong.

use super::on::On;
use super::reference::Near;
use super::sample::{Sample, double, indices};
use super::tolerance::smallest;
use crate::backend::{Backend, Element, Engine, Number};
use std::any::Any;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use zerocopy::IntoBytes;

/// Something that an engine does otherwise than it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The operation, as its method is called.
    pub operation: &'static str,
    /// Of what: the type of elements, sizes, and how the arrays came about.
    pub of: String,
    /// What was expected, and what was found.
    pub found: String,
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Fault { operation, of, found } = self;
        write!(f, "`{operation}` of {of}: {found}")
    }
}

/// What an engine has to have, in the order in which it is best mended: the others are composed of it.
const REQUIRED: [&str; 16] = [
    "from_elements",
    "filled",
    "to_vec",
    "permute",
    "reshape",
    "narrow",
    "broadcast",
    "concat",
    "gather",
    "select",
    "cast",
    "unary",
    "binary",
    "compare",
    "reduce",
    "matmul",
];

/// How many faults of each operation are shown.
const SHOWN: usize = 5;

/// The faults by operation, the required ones first, with some of each.
pub fn listed(faults: &[Fault]) -> String {
    let order = |operation| (REQUIRED.iter().position(|required| *required == operation), operation);
    let mut of_operation: BTreeMap<_, Vec<&Fault>> = BTreeMap::new();
    for fault in faults {
        let (position, name) = order(fault.operation);
        of_operation.entry((position.unwrap_or(REQUIRED.len()), name)).or_default().push(fault);
    }
    let mut text = format!("{} faults\n", faults.len());
    for ((_, operation), faults) in of_operation {
        text.push_str(&format!("`{operation}`: {}\n", faults.len()));
        let lines: BTreeSet<String> =
            faults.iter().map(|Fault { of, found, .. }| format!("    {of}: {found}\n")).collect();
        text.extend(lines.into_iter().take(SHOWN));
    }
    text
}

/// The faults, and the operations that were looked at.
#[derive(Debug, Default)]
pub struct Report {
    pub faults: Vec<Fault>,
    pub operations: BTreeSet<&'static str>,
}

/// What is wrong, if something is.
pub type Found = Result<(), String>;

impl Report {
    /// Checks an operation, which may panic.
    pub fn check(&mut self, operation: &'static str, of: impl Display, check: impl FnOnce() -> Found) {
        self.operations.insert(operation);
        let found = without_panic(check).unwrap_or_else(|said| Err(format!("panicked: {said}")));
        if let Err(found) = found {
            self.faults.push(Fault { operation, of: of.to_string(), found });
        }
    }
}

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// What `f` gives, or what its panic says, which is not printed.
pub fn without_panic<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_QUIET.get() {
                before(panic);
            }
        }));
    });
    let was_quiet = IS_QUIET.replace(true);
    let result = catch_unwind(AssertUnwindSafe(f));
    IS_QUIET.set(was_quiet);
    result.map_err(|panic| said(&*panic))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("something that is no text").to_owned()
}

/// That something holds.
pub fn holds(holds: bool, otherwise: impl Display) -> Found {
    if holds { Ok(()) } else { Err(otherwise.to_string()) }
}

/// The elements of an array that lies where it should, and is as large as it should be.
pub fn elements<E: Engine, T: Element>(
    x: &E::Array<T::Primitive>,
    sizes: &[usize],
    device: &E::Device,
) -> Result<Vec<T::Primitive>, String> {
    let (found, place) = (On::<E, T>::sizes(x), On::<E, T>::device(x));
    holds(found == sizes, format_args!("expected sizes {sizes:?}, found {found:?}"))?;
    holds(place == *device, format_args!("the result lies on {place}, and not on {device}"))?;
    let elements = On::<E, T>::to_vec(x).map_err(|failure| failure.to_string())?;
    let (expected, found) = (sizes.iter().product::<usize>(), elements.len());
    holds(found == expected, format_args!("`to_vec` gives {found} elements of {expected}"))?;
    if let Some(slice) = On::<E, T>::as_slice(x) {
        holds(is_same(slice, &elements), "`as_slice` and `to_vec` differ")?;
    }
    Ok(elements)
}

fn is_same<T: PartialEq + IntoBytes + zerocopy::Immutable>(x: &[T], y: &[T]) -> bool {
    x.len() == y.len() && x.iter().zip(y).all(|(x, y)| is_same_element(x, y))
}

/// Whether the bits are the same, or neither is a number.
#[expect(clippy::eq_op, reason = "NaN differs from itself, of whatever type it is")]
fn is_same_element<T: PartialEq + IntoBytes + zerocopy::Immutable>(x: &T, y: &T) -> bool {
    x.as_bytes() == y.as_bytes() || x != x && y != y
}

/// That the array is this sample, bit by bit.
pub fn same<E: Engine, T: Element>(
    x: &E::Array<T::Primitive>,
    expected: &Sample<T::Primitive>,
    device: &E::Device,
) -> Found {
    let found = elements::<E, T>(x, &expected.sizes, device)?;
    let pairs = expected.elements.iter().zip(&found);
    let wrong = indices(&expected.sizes).zip(pairs).find(|(_, (expected, found))| !is_same_element(*expected, *found));
    match wrong {
        None => Ok(()),
        Some((index, (expected, found))) => Err(format!("at {index:?} expected {expected:?}, found {found:?}")),
    }
}

/// That the array is near to this sample.
pub fn near<E: Engine, T: Number>(
    x: &E::Array<T>,
    expected: &Sample<Near>,
    tolerance: f64,
    device: &E::Device,
) -> Found {
    let found = elements::<E, T>(x, &expected.sizes, device)?;
    let pairs = expected.elements.iter().zip(found);
    indices(&expected.sizes).zip(pairs).try_for_each(|(index, (expected, found))| {
        is_near(found, *expected, tolerance).map_err(|wrong| format!("at {index:?} {wrong}"))
    })
}

/// That the number is near to this one.
pub fn is_near<T: Number>(found: T, Near { value, scale }: Near, tolerance: f64) -> Found {
    let (found, room) = (double(found), tolerance * scale + smallest::<T>());
    // What is beyond the largest number is infinite.
    let value = match double(T::max_value()) {
        largest if value.is_finite() && value.abs() > largest => f64::INFINITY.copysign(value),
        _ => value,
    };
    let is_near = value == found || value.is_nan() && found.is_nan() || (value - found).abs() <= room;
    holds(is_near, format_args!("expected {value:e}, to {room:.1e}, found {found:e}"))
}
