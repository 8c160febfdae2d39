//! Operations on each element by itself.

use crate::array::{Array, Kind, bool_store, by_kind};
use burn_backend::ops::{ActivationOps, BoolTensorOps, FloatTensorOps, IntTensorOps};
use burn_backend::{DType, Scalar, TensorMetadata};
use burn_dispatch::{Dispatch, DispatchTensor};
use congruent::backend::{Binary, Compare, Unary};

impl Array {
    /// `f` of the tensor, if there are elements: of the same sizes.
    pub(crate) fn map(mut self, operation: &str, f: impl FnOnce(DispatchTensor) -> DispatchTensor) -> Array {
        let tensor = self.take_tensor();
        let like = self.with_room(operation);
        let tensor = tensor.filter(|_| like.failed().is_none()).map(f);
        like.holding(tensor)
    }

    /// `f` of two tensors of one rank, and the sizes of the result: the sizes of one array are the last ones of the other.
    fn map_pair(
        self,
        operation: &str,
        other: Array,
        f: impl FnOnce(DispatchTensor, DispatchTensor) -> DispatchTensor,
    ) -> Array {
        self.meets(operation, &other);
        let (own, others) = (self.sizes().len(), other.sizes().len());
        let rank = own.max(others).max(1);
        let is_first = own >= others;
        let (like, beside) = if is_first { (self, other) } else { (other, self) };
        let mut like = like.calculated_of([&beside]).with_room(operation);
        if like.failed().is_some() {
            return like;
        }
        // By value: burn may write the result into the memory of either.
        let tensors = like.take_tensor().zip(beside.into_aligned(rank));
        let tensor = tensors.map(|(x, y)| if is_first { f(x, y) } else { f(y, x) });
        like.holding(tensor)
    }

    /// `op` on each element, which is a float.
    pub fn unary(self, op: Unary) -> Array {
        let is_tracked = self.is_tracked();
        self.map("unary", |x| match op {
            Unary::Abs => Dispatch::float_abs(x),
            Unary::Neg => Dispatch::float_neg(x),
            Unary::Recip => Dispatch::float_recip(x),
            Unary::Square => Dispatch::float_mul(x.clone(), x),
            Unary::Sqrt => Dispatch::float_sqrt(x),
            Unary::Exp => Dispatch::float_exp(x),
            Unary::Ln => Dispatch::float_log(x),
            Unary::Sin => Dispatch::float_sin(x),
            Unary::Cos => Dispatch::float_cos(x),
            Unary::Tanh => Dispatch::float_tanh(x),
            Unary::Erf => Dispatch::float_erf(x),
            Unary::Floor => Dispatch::float_floor(x),
            Unary::Ceil => Dispatch::float_ceil(x),
            Unary::Round => Dispatch::float_round(x),
            Unary::Trunc => Dispatch::float_trunc(x),
            Unary::Sigmoid => sigmoid(x),
            Unary::Relu => Dispatch::relu(x),
            // Burn's backward pass of GELU is that of the tanh approximation.
            Unary::Gelu if is_tracked => {
                let scaled = Dispatch::float_mul_scalar(x.clone(), float(std::f64::consts::FRAC_1_SQRT_2));
                let share = Dispatch::float_add_scalar(Dispatch::float_erf(scaled), float(1.0));
                Dispatch::float_mul(Dispatch::float_mul_scalar(x, float(0.5)), share)
            }
            Unary::Gelu => Dispatch::gelu(x),
            Unary::GeluTanh => {
                // (1 + tanh(u)) / 2 = sigmoid(2u).
                let square = Dispatch::float_mul(x.clone(), x.clone());
                let slope = Dispatch::float_add_scalar(Dispatch::float_mul_scalar(square, float(0.044715)), float(1.0));
                let scale = 2.0 * (2.0 / std::f64::consts::PI).sqrt();
                let inner = Dispatch::float_mul_scalar(Dispatch::float_mul(x.clone(), slope), float(scale));
                Dispatch::float_mul(x, sigmoid(inner))
            }
            Unary::QuickGelu => {
                let inner = Dispatch::float_mul_scalar(x.clone(), float(1.702));
                Dispatch::float_mul(x, sigmoid(inner))
            }
            Unary::Silu => Dispatch::float_mul(x.clone(), sigmoid(x)),
            Unary::Softplus => {
                // max(x, 0) + ln(1 + e^-|x|) does not overflow.
                let small = Dispatch::float_exp(Dispatch::float_neg(Dispatch::float_abs(x.clone())));
                Dispatch::float_add(Dispatch::relu(x), Dispatch::float_log1p(small))
            }
            _ => unreachable!("{op:?} is composed of others"),
        })
    }

    /// `op` on each pair.
    pub fn binary(self, op: Binary, other: Array) -> Array {
        match (self.kind(), op) {
            (_, Binary::Max | Binary::Min) => self.extremum(op, other),
            (_, Binary::Pow) => self.power(other),
            (_, Binary::Fmod | Binary::Remainder) => self.remainder(op, other),
            (Kind::Float, _) => self.map_pair("binary", other, |x, y| match op {
                Binary::Add => Dispatch::float_add(x, y),
                Binary::Sub => Dispatch::float_sub(x, y),
                Binary::Mul => Dispatch::float_mul(x, y),
                _ => Dispatch::float_div(x, y),
            }),
            (_, Binary::Mul) if self.signed() != self.dtype() => {
                self.cast(self.signed()).binary(op, other.cast(other.signed())).cast(self.dtype())
            }
            (_, Binary::Add) => self.map_pair("binary", other, Dispatch::int_add),
            (_, Binary::Sub) => self.map_pair("binary", other, Dispatch::int_sub),
            (_, Binary::Mul) => self.map_pair("binary", other, Dispatch::int_mul),
            (_, Binary::Div) => {
                let store = self.bool_store();
                self.map_pair("binary", other, |x, y| {
                    let is_zero = Dispatch::int_equal_elem(y.clone(), Scalar::Int(0), store);
                    let quotient = Dispatch::int_div(x, Dispatch::int_mask_fill(y, is_zero.clone(), Scalar::Int(1)));
                    let is_zero = Dispatch::bool_expand(is_zero, quotient.shape());
                    Dispatch::int_mask_fill(quotient, is_zero, Scalar::Int(0))
                })
            }
        }
    }

    /// The type in which products are calculated that wrap around: flex has no product of unsigned integers that does, and no
    /// product of matrices of them. The bits are the same.
    pub(crate) fn signed(&self) -> DType {
        match self.dtype() {
            DType::U8 | DType::U16 | DType::U32 => DType::I32,
            DType::U64 => DType::I64,
            dtype => dtype,
        }
    }

    /// The larger or the smaller of each pair.
    fn extremum(self, op: Binary, other: Array) -> Array {
        let sizes = if self.sizes().len() >= other.sizes().len() { self.sizes() } else { other.sizes() };
        let (x, y) = (self.broadcast(sizes), other.broadcast(sizes));
        let order = if op == Binary::Max { Compare::Greater } else { Compare::Less };
        let chosen = Array::select(&x.compare(order, &y), &x, &y);
        if self.kind() != Kind::Float {
            return chosen;
        }
        // A comparison with what is no number fails, which chooses `y`.
        let Some(first) = x.tensor() else { return chosen };
        // Of equals, gradients are of both.
        let chosen = match x.is_tracked() || y.is_tracked() {
            true => {
                let half = |x: &Array| x.clone().binary_scalar(Binary::Mul, float(0.5));
                Array::select(&x.compare(Compare::Equal, &y), &half(&x).binary(Binary::Add, half(&y)), &chosen)
            }
            false => chosen,
        };
        let is_none = x.with(Dispatch::float_is_nan(first, x.bool_store()), x.sizes());
        Array::select(&is_none, &x, &chosen)
    }

    /// `op` on each element and `y`.
    pub fn binary_scalar(self, op: Binary, y: Scalar) -> Array {
        if matches!(op, Binary::Pow | Binary::Fmod | Binary::Remainder) {
            let y = self.full(y, &[]);
            return self.binary(op, y);
        }
        let device = self.place().clone();
        // Asked of the device by operations that need it alone: it stands behind a lock.
        let store = || bool_store(&device);
        match (self.kind(), op) {
            (Kind::Float, Binary::Max | Binary::Min) if is_nan(y) => self.map("binary_scalar", |x| {
                let nothing = Dispatch::float_mul_scalar(x, float(0.0));
                Dispatch::float_add_scalar(nothing, y)
            }),
            (Kind::Float, Binary::Max | Binary::Min) if self.is_tracked() => self.full(y, &[]).binary(op, self),
            (Kind::Float, _) => self.map("binary_scalar", |x| match op {
                Binary::Add => Dispatch::float_add_scalar(x, y),
                Binary::Sub => Dispatch::float_sub_scalar(x, y),
                Binary::Mul => Dispatch::float_mul_scalar(x, y),
                Binary::Div => Dispatch::float_div_scalar(x, y),
                Binary::Max => {
                    let is_second = Dispatch::float_lower_equal_elem(x.clone(), y, store());
                    Dispatch::float_mask_fill(x, is_second, y)
                }
                Binary::Min => {
                    let is_second = Dispatch::float_greater_equal_elem(x.clone(), y, store());
                    Dispatch::float_mask_fill(x, is_second, y)
                }
                Binary::Pow | Binary::Fmod | Binary::Remainder => unreachable!("{op:?} is one of arrays"),
            }),
            (_, Binary::Mul) if self.signed() != self.dtype() => self.full(y, &[]).binary(op, self),
            (_, Binary::Div) if is_zero(y) => self.full(Scalar::Int(0), self.sizes()),
            _ => self.map("binary_scalar", |x| match op {
                Binary::Add => Dispatch::int_add_scalar(x, y),
                Binary::Sub => Dispatch::int_sub_scalar(x, y),
                Binary::Mul => Dispatch::int_mul_scalar(x, y),
                Binary::Div => Dispatch::int_div_scalar(x, y),
                Binary::Max => {
                    let is_second = Dispatch::int_lower_elem(x.clone(), y, store());
                    Dispatch::int_mask_fill(x, is_second, y)
                }
                Binary::Min => {
                    let is_second = Dispatch::int_greater_elem(x.clone(), y, store());
                    Dispatch::int_mask_fill(x, is_second, y)
                }
                Binary::Pow | Binary::Fmod | Binary::Remainder => unreachable!("{op:?} is one of arrays"),
            }),
        }
    }

    /// `op` on `x` and each element.
    pub fn scalar_binary(self, op: Binary, x: Scalar) -> Array {
        match (self.kind(), op) {
            (_, Binary::Add | Binary::Mul | Binary::Max | Binary::Min) => self.binary_scalar(op, x),
            (Kind::Float, Binary::Sub) => {
                self.map("scalar_binary", |y| Dispatch::float_add_scalar(Dispatch::float_neg(y), x))
            }
            (Kind::Float, Binary::Div) if matches!(x, Scalar::Float(1.0)) => {
                self.map("scalar_binary", Dispatch::float_recip)
            }
            _ => self.full(x, &[]).binary(op, self),
        }
    }

    /// Each pair compared.
    pub fn compare(&self, op: Compare, other: &Array) -> Array {
        let store = self.bool_store();
        let (x, y) = match self.kind() {
            // False is less than true.
            Kind::Bool => (self.cast(DType::I32), other.cast(DType::I32)),
            _ => (self.clone(), other.clone()),
        };
        let is_float = x.kind() == Kind::Float;
        let compared = x.map_pair("compare", y, |x, y| match (is_float, op) {
            (true, Compare::Equal) => Dispatch::float_equal(x, y, store),
            // Shaders may take it that `x != x` never holds: that NaN differs is said apart.
            (true, Compare::NotEqual) => {
                let is_none = [&x, &y].map(|x| Dispatch::float_is_nan(x.clone(), store));
                let differs = Dispatch::float_not_equal(x, y, store);
                let sizes = differs.shape();
                is_none.into_iter().fold(differs, |differs, is_none| {
                    Dispatch::bool_or(differs, Dispatch::bool_expand(is_none, sizes.clone()))
                })
            }
            (true, Compare::Less) => Dispatch::float_lower(x, y, store),
            (true, Compare::LessOrEqual) => Dispatch::float_lower_equal(x, y, store),
            (true, Compare::Greater) => Dispatch::float_greater(x, y, store),
            (true, Compare::GreaterOrEqual) => Dispatch::float_greater_equal(x, y, store),
            (false, Compare::Equal) => Dispatch::int_equal(x, y, store),
            (false, Compare::NotEqual) => Dispatch::int_not_equal(x, y, store),
            (false, Compare::Less) => Dispatch::int_lower(x, y, store),
            (false, Compare::LessOrEqual) => Dispatch::int_lower_equal(x, y, store),
            (false, Compare::Greater) => Dispatch::int_greater(x, y, store),
            (false, Compare::GreaterOrEqual) => Dispatch::int_greater_equal(x, y, store),
        });
        if compared.recorded().is_none() { compared.without(compared.sizes(), DType::Bool(store)) } else { compared }
    }

    /// Each element compared with `y`.
    pub fn compare_scalar(&self, op: Compare, y: Scalar) -> Array {
        let store = self.bool_store();
        if self.kind() == Kind::Bool {
            return self.compare(op, &self.full(y, &[]));
        }
        let like = self.without(self.sizes(), DType::Bool(store)).with_room("compare_scalar");
        let Some(x) = self.tensor().filter(|_| like.failed().is_none()) else { return like };
        let tensor = match (self.kind() == Kind::Float, op) {
            (true, Compare::Equal) => Dispatch::float_equal_elem(x, y, store),
            (true, Compare::NotEqual) => {
                let is_none = Dispatch::float_is_nan(x.clone(), store);
                Dispatch::bool_or(Dispatch::float_not_equal_elem(x, y, store), is_none)
            }
            (true, Compare::Less) => Dispatch::float_lower_elem(x, y, store),
            (true, Compare::LessOrEqual) => Dispatch::float_lower_equal_elem(x, y, store),
            (true, Compare::Greater) => Dispatch::float_greater_elem(x, y, store),
            (true, Compare::GreaterOrEqual) => Dispatch::float_greater_equal_elem(x, y, store),
            (false, Compare::Equal) => Dispatch::int_equal_elem(x, y, store),
            (false, Compare::NotEqual) => Dispatch::int_not_equal_elem(x, y, store),
            (false, Compare::Less) => Dispatch::int_lower_elem(x, y, store),
            (false, Compare::LessOrEqual) => Dispatch::int_lower_equal_elem(x, y, store),
            (false, Compare::Greater) => Dispatch::int_greater_elem(x, y, store),
            (false, Compare::GreaterOrEqual) => Dispatch::int_greater_equal_elem(x, y, store),
        };
        like.holding(Some(tensor))
    }

    /// `x` where the condition holds, `y` elsewhere.
    pub fn select(condition: &Array, x: &Array, y: &Array) -> Array {
        condition.meets("select", x);
        x.meets("select", y);
        let like = x.without(x.sizes(), x.dtype()).calculated_of([condition, y]).with_room("select");
        match (condition.tensor(), x.tensor(), y.tensor()) {
            (Some(condition), Some(of_true), Some(of_false)) if like.failed().is_none() => {
                let chosen = by_kind!(x, float_mask_where int_mask_where bool_mask_where(of_false, condition, of_true));
                like.holding(Some(chosen))
            }
            _ => like,
        }
    }

    /// Each element converted to another type: as the operator `as` does, where it is one of integers.
    pub fn cast(&self, dtype: DType) -> Array {
        if dtype == self.dtype() {
            return self.seen();
        }
        let like = self.without(self.sizes(), dtype).with_room("cast");
        let Some(x) = self.tensor().filter(|_| like.failed().is_none()) else { return like };
        self.assert_held(dtype);
        let tensor = match (self.kind(), Kind::of(dtype)) {
            (Kind::Float, Kind::Float) => Dispatch::float_cast(x, dtype.into()),
            (Kind::Float, _) => self.to_int(x, dtype),
            (Kind::Int, Kind::Float) => Dispatch::int_into_float(x, dtype.into()),
            (Kind::Int, _) => Dispatch::int_cast(x, dtype.into()),
            (Kind::Bool, Kind::Float) => Dispatch::bool_into_float(x, dtype.into()),
            (Kind::Bool, _) => Dispatch::bool_into_int(x, dtype.into()),
        };
        like.holding(Some(tensor))
    }

    /// Floats as integers: what is beyond the type becomes the nearest of it, and what is no number becomes 0. Shaders leave
    /// both undefined.
    fn to_int(&self, x: DispatchTensor, dtype: DType) -> DispatchTensor {
        let store = self.bool_store();
        let (least, most) = bounds(dtype);
        // The first number beyond: a power of two, which every float type holds or has beyond its range.
        let beyond = match most {
            Scalar::UInt(most) => most as f64 + if most > 1 << 53 { 0.0 } else { 1.0 },
            Scalar::Int(most) => most as f64 + if most > 1 << 53 { 0.0 } else { 1.0 },
            _ => unreachable!("bounds of integers"),
        };
        let lowest = match least {
            Scalar::Int(least) => least as f64,
            _ => 0.0,
        };
        let is_above = Dispatch::float_greater_equal_elem(x.clone(), float(beyond), store);
        let is_below = Dispatch::float_lower_elem(x.clone(), float(lowest), store);
        let is_none = Dispatch::float_is_nan(x.clone(), store);
        let unsafe_ones = Dispatch::bool_or(is_none, Dispatch::bool_or(is_above.clone(), is_below.clone()));
        let inside = Dispatch::float_mask_fill(x, unsafe_ones, float(0.0));
        let converted = Dispatch::float_into_int(inside, dtype.into());
        let converted = Dispatch::int_mask_fill(converted, is_above, most);
        Dispatch::int_mask_fill(converted, is_below, least)
    }
}

/// `1 / (1 + e^-x)`, which keeps what is no number.
fn sigmoid(x: DispatchTensor) -> DispatchTensor {
    Dispatch::sigmoid(x)
}

pub(crate) fn float(x: f64) -> Scalar {
    Scalar::Float(x)
}

fn is_nan(x: Scalar) -> bool {
    matches!(x, Scalar::Float(x) if x.is_nan())
}

fn is_zero(x: Scalar) -> bool {
    matches!(x, Scalar::Int(0) | Scalar::UInt(0))
}

/// The least and the largest number of an integer type, or of floats.
pub(crate) fn bounds(dtype: DType) -> (Scalar, Scalar) {
    macro_rules! of { ($($name:ident $t:ident $scalar:ident $wide:ident)*) => {
        match dtype {
            $(DType::$name => (Scalar::$scalar($t::MIN as $wide), Scalar::$scalar($t::MAX as $wide)),)*
            _ => (Scalar::Float(f64::NEG_INFINITY), Scalar::Float(f64::INFINITY)),
        }
    } }
    of! {
        I8 i8 Int i64 I16 i16 Int i64 I32 i32 Int i64 I64 i64 Int i64
        U8 u8 UInt u64 U16 u16 UInt u64 U32 u32 UInt u64 U64 u64 UInt u64
    }
}
