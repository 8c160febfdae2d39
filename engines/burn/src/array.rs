//! An array on one of burn's devices, whose sizes are run-time values.

use crate::device::Device;
use crate::transfers;
use burn_backend::ops::{BoolTensorOps, FloatTensorOps, IntTensorOps};
use burn_backend::{
    AutodiffBackend, BoolDType, DType, Scalar, Shape, TensorData, TensorMetadata, get_or_init_device_settings,
};
use burn_dispatch::{Dispatch, DispatchAutodiffContext, DispatchDevice, DispatchTensor};
use burn_std::Bytes;
use congruent::backend::Failure;
use std::fmt;
use std::sync::Arc;

/// The three kinds of tensors that burn has operations for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Float,
    Int,
    Bool,
}

impl Kind {
    pub fn of(dtype: DType) -> Self {
        match dtype {
            DType::Bool(_) => Kind::Bool,
            dtype if dtype.is_float() => Kind::Float,
            _ => Kind::Int,
        }
    }
}

/// The operation of burn for the kind of the array: `by_kind!(x, float_neg int_neg bool_not)(tensor)`.
macro_rules! by_kind {
    ($x:expr, $float:ident $int:ident $bool:ident ($($argument:expr),*)) => {
        match $x.kind() {
            $crate::array::Kind::Float => burn_dispatch::Dispatch::$float($($argument),*),
            $crate::array::Kind::Int => burn_dispatch::Dispatch::$int($($argument),*),
            $crate::array::Kind::Bool => burn_dispatch::Dispatch::$bool($($argument),*),
        }
    };
}
pub(crate) use by_kind;

/// An array on one of burn's devices. Cloning one copies no elements.
///
/// Burn is never asked for a tensor without elements or without axes: not all of its devices can have one. An array of no
/// elements is its sizes alone, and the tensor of a number has one axis.
#[derive(Clone)]
pub struct Array(Arc<Parts>);

/// What an array is. Behind a pointer, since it is some hundred bytes, which an operation moves several times.
#[derive(Clone)]
struct Parts {
    sizes: Shape,
    dtype: DType,
    device: DispatchDevice,
    /// None, if there are no elements.
    tensor: Option<DispatchTensor>,
    is_tracked: bool,
    /// Why there is no tensor, if there should be one.
    failed: Option<Arc<Failure>>,
    /// What has the gradients with respect to an array that depends on others: burn keeps those of leaves alone.
    leaf: Option<Box<DispatchTensor>>,
}

/// # Panics
/// The device cannot hold elements of this type.
fn assert_holds(device: &Device, dtype: DType) {
    assert!(device.holds_type(dtype), "{device} cannot hold elements of type {}", dtype.name());
}

/// How a device stores booleans.
pub(crate) fn bool_store(device: &DispatchDevice) -> BoolDType {
    get_or_init_device_settings::<Dispatch>(device).bool_dtype
}

/// The shape of the tensor of an array of these sizes.
pub(crate) fn shape(sizes: &[usize]) -> Shape {
    if sizes.is_empty() { Shape::new([1]) } else { Shape::from(sizes) }
}

impl Array {
    /// An array of row-major elements, of which these are the bytes.
    ///
    /// # Panics
    /// The device cannot hold elements of this type.
    pub(crate) fn from_bytes(bytes: &[u8], dtype: DType, sizes: &[usize], device: &Device) -> Self {
        if !sizes.contains(&0) {
            transfers::sent();
        }
        Array::copied(bytes, dtype, sizes, device)
    }

    /// As [`from_bytes`](Self::from_bytes), where nothing is sent.
    pub(crate) fn copied(bytes: &[u8], dtype: DType, sizes: &[usize], device: &Device) -> Self {
        let like = Array::without_elements(sizes, device, dtype);
        if like.len() == 0 {
            return like;
        }
        // Copied once, to memory of the alignment that burn asks for.
        let mut copy = Bytes::from_elems(Vec::<u8>::new());
        copy.extend_from_byte_slice(bytes);
        let data = TensorData::from_bytes(copy, shape(sizes), dtype);
        let data = if like.kind() == Kind::Bool { data.convert_dtype(like.dtype()) } else { data };
        let tensor = by_kind!(like, float_from_data int_from_data bool_from_data(data, like.place()));
        like.holding(Some(tensor))
    }

    /// An array of one value.
    ///
    /// # Panics
    /// The device cannot hold elements of this type.
    pub fn filled(value: Scalar, sizes: &[usize], dtype: DType, device: &Device) -> Self {
        Array::without_elements(sizes, device, dtype).full(value, sizes)
    }

    /// The numbers from 0 on, so many.
    ///
    /// # Panics
    /// The device cannot hold elements of this type.
    pub(crate) fn range(n: usize, dtype: DType, device: &Device) -> Self {
        let like = Array::without_elements(&[n], device, dtype);
        let of_integers = if like.kind() == Kind::Float { DType::I32 } else { dtype };
        match n {
            0 => like,
            _ => like.with(Dispatch::int_arange(0..n as i64, like.place(), of_integers.into()), &[n]).cast(dtype),
        }
    }

    /// An array of one value, of the same type and on the same device.
    pub(crate) fn full(&self, value: Scalar, sizes: &[usize]) -> Self {
        let like = self.without(sizes, self.dtype()).with_room("filled");
        if like.failed().is_some() || like.len() == 0 {
            return like;
        }
        let (shape, device) = (shape(sizes), self.place());
        let tensor = match self.kind() {
            Kind::Float => Dispatch::float_full(shape, value, device, self.dtype().into()),
            Kind::Int => Dispatch::int_full(shape, value, device, self.dtype().into()),
            Kind::Bool if matches!(value, Scalar::Bool(true)) => Dispatch::bool_ones(shape, device, self.bool_store()),
            Kind::Bool => Dispatch::bool_zeros(shape, device, self.bool_store()),
        };
        like.holding(Some(tensor))
    }

    /// Sizes, which hold elements or not, that have none yet.
    fn without_elements(sizes: &[usize], device: &Device, dtype: DType) -> Self {
        let dtype = device.stored(dtype);
        assert_holds(device, dtype);
        Array::of_nothing(sizes, dtype, device.burn().clone(), None)
    }

    /// Sizes of another type on the same device, without elements. What is made so of an array that failed has failed.
    pub(crate) fn without(&self, sizes: &[usize], dtype: DType) -> Self {
        Array::of_nothing(sizes, dtype, self.0.device.clone(), self.0.failed.clone())
    }

    fn of_nothing(sizes: &[usize], dtype: DType, device: DispatchDevice, failed: Option<Arc<Failure>>) -> Self {
        let sizes = Shape::from(sizes);
        Array(Arc::new(Parts { sizes, dtype, device, tensor: None, is_tracked: false, failed, leaf: None }))
    }

    /// The parts, to be changed: of a copy, if somebody else holds the array.
    fn parts(&mut self) -> &mut Parts {
        Arc::make_mut(&mut self.0)
    }

    /// An array on the same device, of this tensor.
    pub(crate) fn with(&self, tensor: DispatchTensor, sizes: &[usize]) -> Self {
        self.without(sizes, self.dtype()).holding(Some(tensor))
    }

    /// The same sizes on the same device, of another tensor; without elements, and of an array that failed, there is none.
    pub(crate) fn holding(mut self, tensor: Option<DispatchTensor>) -> Self {
        let parts = self.parts();
        (parts.is_tracked, parts.leaf) = (false, None);
        let Some(mut tensor) = tensor else {
            parts.tensor = None;
            return self;
        };
        debug_assert_eq!(tensor.shape(), shape(&parts.sizes));
        let dtype = tensor.dtype();
        if Kind::of(dtype) != Kind::Float {
            // What is no float has no part in gradients. Its context would make constants of floats beside it pass through
            // autodiff.
            tensor.autodiff = DispatchAutodiffContext::Disabled;
        }
        parts.is_tracked = tensor.autodiff != DispatchAutodiffContext::Disabled;
        (parts.dtype, parts.tensor, parts.failed) = (dtype, Some(tensor), None);
        self
    }

    pub(crate) fn failed(&self) -> Option<&Arc<Failure>> {
        self.0.failed.as_ref()
    }

    /// In its place, that it could not be made.
    pub(crate) fn failing(mut self, failure: Arc<Failure>) -> Self {
        let parts = self.parts();
        (parts.tensor, parts.failed) = (None, Some(failure));
        self
    }

    /// The size of each axis.
    pub fn sizes(&self) -> &[usize] {
        &self.0.sizes
    }

    /// How many elements there are.
    pub(crate) fn len(&self) -> usize {
        self.sizes().iter().product()
    }

    /// The type of the elements, as the device holds them.
    pub fn dtype(&self) -> DType {
        self.0.dtype
    }

    pub(crate) fn kind(&self) -> Kind {
        Kind::of(self.dtype())
    }

    /// Where it is.
    pub fn device(&self) -> Device {
        Device::of(self.place().clone())
    }

    /// Where it is, for burn.
    pub(crate) fn place(&self) -> &DispatchDevice {
        &self.0.device
    }

    /// Whether it is tracked, or depends on an array that is.
    pub fn is_tracked(&self) -> bool {
        self.0.is_tracked
    }

    /// How the device stores booleans.
    pub(crate) fn bool_store(&self) -> BoolDType {
        bool_store(self.place())
    }

    /// The tensor of burn, which shares the elements; nothing where there are none, or they could not be calculated. Inside of
    /// `no_grad` it is a constant.
    pub fn tensor(&self) -> Option<DispatchTensor> {
        self.for_operation(self.0.tensor.clone())
    }

    fn for_operation(&self, tensor: Option<DispatchTensor>) -> Option<DispatchTensor> {
        match self.is_tracked() && !congruent::backend::is_recording() {
            true => tensor.map(<Dispatch as AutodiffBackend>::inner),
            false => tensor,
        }
    }

    /// The same, without another owner if nobody else holds the array: burn may write its result into the memory.
    pub(crate) fn into_tensor(mut self) -> Option<DispatchTensor> {
        let Some(parts) = Arc::get_mut(&mut self.0) else { return self.tensor() };
        parts.leaf = None;
        let tensor = parts.tensor.take();
        self.for_operation(tensor)
    }

    /// As [`into_tensor`](Self::into_tensor), of an array whose sizes are needed yet.
    pub(crate) fn take_tensor(&mut self) -> Option<DispatchTensor> {
        let rest = match Arc::get_mut(&mut self.0) {
            Some(parts) => {
                parts.leaf = None;
                let tensor = parts.tensor.take();
                return self.for_operation(tensor);
            }
            None => self.without(self.sizes(), self.dtype()),
        };
        std::mem::replace(self, rest).into_tensor()
    }

    /// The tensor as burn has it, with its place among the recorded operations.
    pub(crate) fn recorded(&self) -> Option<&DispatchTensor> {
        self.0.tensor.as_ref()
    }

    /// The tensor that has the gradients with respect to this array.
    pub(crate) fn leaf(&self) -> Option<&DispatchTensor> {
        self.0.leaf.as_deref().or(self.recorded())
    }

    pub(crate) fn with_leaf(mut self, leaf: &Array) -> Self {
        self.parts().leaf = leaf.recorded().cloned().map(Box::new);
        self
    }

    pub(crate) fn set_tracked(mut self, is_tracked: bool) -> Self {
        if self.is_tracked() != is_tracked {
            self.parts().is_tracked = is_tracked;
        }
        self
    }

    /// What `f` makes of the bytes of the elements in row-major order; of a `bool`, one. Waits for all operations that they
    /// depend on.
    ///
    /// # Errors
    /// The device is lost, or one of these operations has failed.
    pub(crate) fn read<R>(&self, f: impl FnOnce(&[u8]) -> R) -> Result<R, Failure> {
        if self.failed().is_none() && self.recorded().is_some() {
            transfers::fetched();
        }
        self.elements(f)
    }

    /// As [`read`](Self::read), where nothing is fetched.
    pub(crate) fn elements<R>(&self, f: impl FnOnce(&[u8]) -> R) -> Result<R, Failure> {
        if let Some(failure) = self.failed() {
            return Err(Failure::clone(failure));
        }
        let Some(tensor) = self.recorded().cloned() else { return Ok(f(&[])) };
        let tensor = if self.is_tracked() { <Dispatch as AutodiffBackend>::inner(tensor) } else { tensor };
        let failed = |reason: &dyn fmt::Display| Failure {
            operation: "to_vec".to_string(),
            device: self.device().to_string(),
            reason: reason.to_string(),
        };
        let data = burn_tensor::read_sync(async {
            match self.kind() {
                Kind::Float => Dispatch::float_into_data(tensor).await,
                Kind::Int => Dispatch::int_into_data(tensor).await,
                Kind::Bool => Dispatch::bool_into_data(tensor).await,
            }
        });
        let data = data.map_err(|reason| failed(&reason))?;
        // Devices fetch what is asked for, and when it is.
        let bytes = data.bytes().read(burn_std::Reader::new()).map_err(|reason| failed(&reason))?;
        Ok(match self.kind() {
            Kind::Bool => f(&bytes.iter().step_by(self.dtype().size()).copied().collect::<Vec<u8>>()),
            _ => f(bytes),
        })
    }

    /// The same elements on another device, as a constant, if burn sends them as they are: booleans are stored in several ways.
    ///
    /// # Panics
    /// The device cannot hold elements of this type.
    pub(crate) fn to_device(&self, device: &Device) -> Option<Array> {
        if self.kind() == Kind::Bool || device.stored(self.dtype()) != self.dtype() {
            return None;
        }
        assert_holds(device, self.dtype());
        let failed = self.failed().cloned();
        let like = Array::of_nothing(self.sizes(), self.dtype(), device.burn().clone(), failed);
        let constant = |x| if self.is_tracked() { <Dispatch as AutodiffBackend>::inner(x) } else { x };
        let tensor = self.recorded().cloned().map(constant).map(|x| match self.kind() {
            Kind::Float => Dispatch::float_to_device(x, like.place()),
            _ => Dispatch::int_to_device(x, like.place()),
        });
        Some(like.holding(tensor))
    }

    /// # Panics
    /// The device cannot hold elements of this type.
    pub(crate) fn assert_held(&self, dtype: DType) {
        assert_holds(&self.device(), dtype);
    }

    /// # Panics
    /// The arrays are on two devices.
    pub(crate) fn meets(&self, operation: &str, other: &Array) {
        let (here, there) = (self.place(), other.place());
        assert!(here == there, "{operation}: one array is on {}, the other on {}", self.device(), other.device());
    }
}

impl fmt::Debug for Array {
    /// Says nothing of the elements: they would have to be read from the device.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut array = f.debug_struct("Array");
        array
            .field("dtype", &self.dtype().name())
            .field("sizes", &self.sizes())
            .field("device", &self.device())
            .finish()
    }
}
