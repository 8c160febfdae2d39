//! Where arrays are.

use crate::backend::dtype;
use crate::interface::{Interface, is_in_software};
use burn_backend::{Backend, DType, get_or_init_device_settings};
use burn_dispatch::{Dispatch, DispatchDevice};
use congruent::backend::Primitive;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

/// One of the devices that burn runs on.
///
/// Each has a name, which is what it is printed as and what a program is told: that of a feature of this crate (`flex`, `vulkan`,
/// `cuda`), in capitals or not, with a number from 0 where a machine has more than one such device (`cuda:1`). Without a number
/// it is the first.
///
/// ```
/// # #[cfg(feature = "flex")] {
/// use congruent_burn::Device;
/// let device: Device = "Flex".parse().unwrap();
/// assert_eq!(device, Device::flex());
/// assert_eq!(device.to_string(), "flex");
/// # }
/// ```
///
/// What there may be depends on the features of this crate, and [`Device::available`] lists what this machine has of them. A
/// device is opened when it is first used. Two devices are equal if they are the same hardware behind the same interface.
#[derive(Clone, PartialEq, Eq)]
pub struct Device(DispatchDevice);

impl Device {
    /// The processor, by burn's own kernels.
    #[cfg(feature = "flex")]
    pub fn flex() -> Self {
        Device(DispatchDevice::from(burn_dispatch::devices::FlexDevice))
    }

    /// The processor, by LibTorch.
    #[cfg(feature = "libtorch")]
    #[allow(deprecated)]
    pub fn libtorch() -> Self {
        Device(DispatchDevice::from(burn_dispatch::devices::LibTorchDevice::Cpu))
    }

    /// A card of NVIDIA, by its number from 0.
    ///
    /// # Errors
    /// The machine has no such card, or no driver of it.
    #[cfg(feature = "cuda")]
    pub fn cuda(index: usize) -> Result<Self, NoDevice> {
        Device::numbered(Interface::Cuda, index)
    }

    /// A card of AMD, by its number from 0.
    ///
    /// # Errors
    /// The machine has no such card, or no driver of it.
    #[cfg(feature = "rocm")]
    pub fn rocm(index: usize) -> Result<Self, NoDevice> {
        Device::numbered(Interface::Rocm, index)
    }

    /// A device with Vulkan, by its number from 0: cards come before the graphics of a processor, and Vulkan in software comes
    /// last. With feature `spirv` burn's own compiler makes its shaders, which uses more of the hardware, else WGSL does.
    ///
    /// # Errors
    /// The machine has none of this number.
    #[cfg(feature = "vulkan")]
    pub fn vulkan(index: usize) -> Result<Self, NoDevice> {
        Device::numbered(Interface::Vulkan, index)
    }

    /// A device with Metal, by its number from 0.
    ///
    /// # Errors
    /// The machine has none of this number.
    #[cfg(feature = "metal")]
    pub fn metal(index: usize) -> Result<Self, NoDevice> {
        Device::numbered(Interface::Metal, index)
    }

    /// What the browser offers.
    ///
    /// # Errors
    /// It offers none.
    #[cfg(feature = "webgpu")]
    pub fn webgpu() -> Result<Self, NoDevice> {
        Device::numbered(Interface::WebGpu, 0)
    }

    fn numbered(interface: Interface, index: usize) -> Result<Self, NoDevice> {
        let device = interface.devices().get(index).cloned().map(Device);
        device.ok_or_else(|| NoDevice::new(Reason::NotFound(name(interface, index))))
    }

    /// The names of the interfaces that are built in, of which the machine may lack some.
    pub fn names() -> Vec<&'static str> {
        Interface::ALL.into_iter().filter(|interface| interface.is_built_in()).map(Interface::name).collect()
    }

    /// The devices that this machine has of those built in, the most powerful first: cards, then the processor, then graphics in
    /// software, which are much slower than the processor's own kernels.
    pub fn available() -> &'static [Device] {
        static AVAILABLE: OnceLock<Vec<Device>> = OnceLock::new();
        AVAILABLE.get_or_init(|| {
            let found = Interface::ALL.into_iter().flat_map(Interface::devices);
            let (last, first): (Vec<_>, Vec<_>) = found.cloned().map(Device).partition(|x| is_in_software(&x.0));
            [first, last].concat()
        })
    }

    /// The device of this name, or without one the first of those [available](Device::available): what an option of a program
    /// asks for.
    ///
    /// ```
    /// # #[cfg(feature = "flex")] {
    /// use congruent_burn::Device;
    /// assert_eq!(Device::find(Some("flex")), Ok(Device::flex()));
    /// assert_eq!(Device::find(None), Ok(Device::available()[0].clone()));
    /// let error = Device::find(Some("abacus")).unwrap_err().to_string();
    /// assert!(error.starts_with("there is no device `abacus`; there are: ") && error.contains("flex"));
    /// # }
    /// ```
    ///
    /// # Errors
    /// It is not built in, or the machine has none: the error names those that there are.
    pub fn find(name: Option<&str>) -> Result<Self, NoDevice> {
        match name {
            Some(name) => name.parse(),
            None => Device::available().first().cloned().ok_or_else(|| NoDevice::new(Reason::NoneAtAll)),
        }
    }

    /// The name, and what its driver calls the hardware: `vulkan (llvmpipe (LLVM 15.0.6, 256 bits), in software)`. Opens the
    /// device.
    pub fn description(&self) -> String {
        #[cfg(any(feature = "cuda", feature = "rocm", feature = "vulkan"))]
        if let Some(identity) = self.0.identity() {
            let how = if is_in_software(&self.0) { ", in software" } else { "" };
            return format!("{self} ({}{how})", identity.name);
        }
        format!("{self} (the processor)")
    }

    /// Whether it can hold such elements. Arrays of others panic where they are made.
    pub fn holds<P: Primitive>(&self) -> bool {
        self.holds_type(dtype::<P>())
    }

    pub(crate) fn holds_type(&self, dtype: DType) -> bool {
        <Dispatch as Backend>::supports_dtype(&self.0, self.stored(dtype))
    }

    /// The type as it is stored here: of booleans there are several.
    pub(crate) fn stored(&self, dtype: DType) -> DType {
        match dtype {
            DType::Bool(_) => DType::Bool(get_or_init_device_settings::<Dispatch>(&self.0).bool_dtype),
            dtype => dtype,
        }
    }

    pub(crate) fn of(device: DispatchDevice) -> Self {
        Device(device.inner())
    }

    /// As burn knows it, for what else calculates there.
    pub fn burn(&self) -> &DispatchDevice {
        &self.0
    }
}

/// The name of the device of this number.
fn name(interface: Interface, index: usize) -> String {
    match index {
        0 => interface.name().to_owned(),
        index => format!("{}:{index}", interface.name()),
    }
}

impl FromStr for Device {
    type Err = NoDevice;

    /// The device of this name: `flex`, `vulkan`, `cuda:1`.
    fn from_str(name: &str) -> Result<Self, NoDevice> {
        let (interface, index) = name.split_once(':').unwrap_or((name, "0"));
        let interface = Interface::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(interface));
        match (interface, index.parse()) {
            (Some(interface), Ok(index)) if interface.is_built_in() => Device::numbered(interface, index),
            (Some(interface), Ok(_)) => Err(NoDevice::new(Reason::NotBuiltIn(interface.name()))),
            _ => Err(NoDevice::new(Reason::Unknown(name.to_owned()))),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let interface = Interface::of(&self.0);
        let index = interface.devices().iter().position(|device| *device == self.0);
        f.write_str(&name(interface, index.unwrap_or(0)))
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({self})")
    }
}

impl Default for Device {
    /// The first of those [available](Device::available).
    ///
    /// # Panics
    /// There is none.
    fn default() -> Self {
        Device::find(None).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// A device that is not built in, or that the machine has not. It names those that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoDevice {
    reason: Reason,
    available: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    Unknown(String),
    NotBuiltIn(&'static str),
    NotFound(String),
    /// Any would have done.
    NoneAtAll,
}

impl NoDevice {
    fn new(reason: Reason) -> Self {
        NoDevice { reason, available: Device::available().iter().map(Device::to_string).collect() }
    }
}

impl fmt::Display for NoDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::Unknown(name) => write!(f, "there is no device `{name}`"),
            Reason::NotBuiltIn(name) => write!(f, "this build has no `{name}`: build with `--features {name}`"),
            Reason::NotFound(name) => write!(f, "this machine has no device `{name}`, or no driver of it"),
            Reason::NoneAtAll => write!(f, "this machine has no device of this build ({})", Device::names().join(", ")),
        }?;
        match &self.available[..] {
            [] => f.write_str("; there are: none"),
            names => write!(f, "; there are: {}", names.join(", ")),
        }
    }
}

impl std::error::Error for NoDevice {}
