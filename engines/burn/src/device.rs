//! Where arrays are.

use crate::backend::dtype;
use burn_backend::{Backend, DType, get_or_init_device_settings};
#[cfg(any(feature = "cuda", feature = "rocm", feature = "vulkan"))]
use burn_dispatch::devices::CubeDevice;
use burn_dispatch::{Dispatch, DispatchDevice};
use congruent::backend::Primitive;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

/// One of the devices that burn runs on.
///
/// What there may be depends on the features of this crate, and [`Device::available`] lists what this machine has of them. A
/// device is opened when it is first used. Two devices are equal if they are the same hardware behind the same interface.
#[derive(Clone, PartialEq, Eq)]
pub struct Device(DispatchDevice);

/// Which of the adapters that a graphics interface has.
#[cfg(feature = "vulkan")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adapter {
    /// The most powerful.
    #[default]
    Best,
    /// A graphics card, of several.
    Discrete(usize),
    /// A processor's own graphics, of several.
    Integrated(usize),
    /// That of a virtual machine, of several.
    Virtual(usize),
    /// The processor itself.
    Software,
}

impl Device {
    /// The processor, by burn's own kernels.
    #[cfg(feature = "flex")]
    pub fn flex() -> Self {
        Device(DispatchDevice::from(burn_dispatch::devices::FlexDevice))
    }

    /// A device with Vulkan: with feature `spirv` by burn's own compiler of shaders, which uses more of the hardware, else by
    /// way of WGSL.
    ///
    /// # Errors
    /// The machine has none.
    #[cfg(feature = "vulkan")]
    pub fn vulkan(adapter: Adapter) -> Result<Self, NoDevice> {
        Device::wgpu("vulkan", adapter, burn_dispatch::devices::WgpuBackend::Vulkan)
    }

    /// A device with Metal.
    ///
    /// # Errors
    /// The machine has none.
    #[cfg(feature = "metal")]
    pub fn metal(adapter: Adapter) -> Result<Self, NoDevice> {
        Device::wgpu("metal", adapter, burn_dispatch::devices::WgpuBackend::Metal)
    }

    /// What the browser offers.
    ///
    /// # Errors
    /// It offers none.
    #[cfg(feature = "webgpu")]
    pub fn webgpu(adapter: Adapter) -> Result<Self, NoDevice> {
        Device::wgpu("webgpu", adapter, burn_dispatch::devices::WgpuBackend::WebGpu)
    }

    #[cfg(feature = "vulkan")]
    fn wgpu(
        name: &'static str,
        adapter: Adapter,
        interface: burn_dispatch::devices::WgpuBackend,
    ) -> Result<Self, NoDevice> {
        use burn_dispatch::devices::{WgpuDevice, WgpuDeviceKind as Kind};
        let kind = match adapter {
            Adapter::Best => Kind::DefaultDevice,
            Adapter::Discrete(i) => Kind::DiscreteGpu(i),
            Adapter::Integrated(i) => Kind::IntegratedGpu(i),
            Adapter::Virtual(i) => Kind::VirtualGpu(i),
            Adapter::Software => Kind::Cpu,
        };
        let device = WgpuDevice { kind, ..WgpuDevice::default() };
        Device::present(CubeDevice::Wgpu(device.on(interface)), || match adapter {
            Adapter::Best => name.to_string(),
            adapter => format!("{name}, {adapter:?}"),
        })
    }

    /// A card of NVIDIA, of several.
    ///
    /// # Errors
    /// The machine has no such card, or no driver of it.
    #[cfg(feature = "cuda")]
    pub fn cuda(index: usize) -> Result<Self, NoDevice> {
        let device = CubeDevice::Cuda(burn_dispatch::devices::CudaDevice::new(index));
        Device::present(device, || format!("cuda, {index}"))
    }

    /// A card of AMD, of several.
    ///
    /// # Errors
    /// The machine has no such card, or no driver of it.
    #[cfg(feature = "rocm")]
    pub fn rocm(index: usize) -> Result<Self, NoDevice> {
        let device = CubeDevice::Hip(burn_dispatch::devices::RocmDevice::new(index));
        Device::present(device, || format!("rocm, {index}"))
    }

    /// The device, if the machine has it.
    #[cfg(any(feature = "cuda", feature = "rocm", feature = "vulkan"))]
    fn present(device: CubeDevice, name: impl FnOnce() -> String) -> Result<Self, NoDevice> {
        let id = device.to_id();
        match CubeDevice::enumerate(id).contains(&id) {
            true => Ok(Device(DispatchDevice::Cube(device))),
            false => Err(NoDevice { name: Some(name()), is_built_in: true }),
        }
    }

    /// The processor, by LibTorch.
    #[cfg(feature = "libtorch")]
    #[allow(deprecated)]
    pub fn libtorch() -> Self {
        Device(DispatchDevice::from(burn_dispatch::devices::LibTorchDevice::Cpu))
    }

    /// The names of the devices that are built in, of which the machine may lack some: what [`FromStr`] understands.
    pub const NAMES: &[&str] = &[
        #[cfg(feature = "cuda")]
        "cuda",
        #[cfg(feature = "rocm")]
        "rocm",
        #[cfg(feature = "metal")]
        "metal",
        #[cfg(feature = "vulkan")]
        "vulkan",
        #[cfg(feature = "webgpu")]
        "webgpu",
        #[cfg(feature = "libtorch")]
        "libtorch",
        #[cfg(feature = "flex")]
        "flex",
    ];

    /// The names, of those built in, of the devices that this machine has.
    pub fn available() -> &'static [&'static str] {
        static AVAILABLE: OnceLock<Vec<&'static str>> = OnceLock::new();
        AVAILABLE.get_or_init(|| Device::NAMES.iter().copied().filter(|name| name.parse::<Device>().is_ok()).collect())
    }

    /// The first device of this name, or without one the first of those [available](Device::available): what an option of a
    /// program asks for.
    ///
    /// ```
    /// # #[cfg(feature = "flex")] {
    /// use congruent_burn::Device;
    /// assert_eq!(Device::find(Some("flex")), Ok(Device::flex()));
    /// assert!(Device::find(None).is_ok());
    /// let error = Device::find(Some("abacus")).unwrap_err().to_string();
    /// assert!(error.starts_with("no device `abacus` is built in; there are: ") && error.contains("flex"));
    /// # }
    /// ```
    ///
    /// # Errors
    /// It is not built in, or the machine has none: the error names those that there are.
    pub fn find(name: Option<&str>) -> Result<Self, NoDevice> {
        match name.or_else(|| Device::available().first().copied()) {
            Some(name) => name.parse(),
            None => Err(NoDevice { name: None, is_built_in: true }),
        }
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

    pub(crate) fn burn(&self) -> &DispatchDevice {
        &self.0
    }
}

/// Whether it is the processor, by burn's own kernels.
pub(crate) fn is_flex(device: &DispatchDevice) -> bool {
    match device {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => true,
        _ => false,
    }
}

impl FromStr for Device {
    type Err = NoDevice;

    /// The first device of this name: `vulkan`, `flex`.
    fn from_str(name: &str) -> Result<Self, NoDevice> {
        match name {
            #[cfg(feature = "cuda")]
            "cuda" => Device::cuda(0),
            #[cfg(feature = "rocm")]
            "rocm" => Device::rocm(0),
            #[cfg(feature = "metal")]
            "metal" => Device::metal(Adapter::Best),
            #[cfg(feature = "vulkan")]
            "vulkan" => Device::vulkan(Adapter::Best),
            #[cfg(feature = "webgpu")]
            "webgpu" => Device::webgpu(Adapter::Best),
            #[cfg(feature = "libtorch")]
            "libtorch" => Ok(Device::libtorch()),
            #[cfg(feature = "flex")]
            "flex" => Ok(Device::flex()),
            _ => Err(NoDevice { name: Some(name.to_string()), is_built_in: false }),
        }
    }
}

/// A device that is not built in, or that the machine has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoDevice {
    /// None, if any would have done.
    name: Option<String>,
    is_built_in: bool,
}

impl fmt::Display for NoDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
        let lacks = if self.is_built_in { "found on this machine" } else { "built in" };
        let available = match Device::available() {
            [] => "none".to_owned(),
            names => names.join(", "),
        };
        write!(f, "no device{name} is {lacks}; there are: {available}")
    }
}

impl std::error::Error for NoDevice {}

impl Default for Device {
    /// The first of those [available](Device::available).
    ///
    /// # Panics
    /// There is none.
    fn default() -> Self {
        Device::find(None).unwrap_or_else(|error| panic!("{error}"))
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            #[cfg(feature = "flex")]
            DispatchDevice::Flex(_) => f.write_str("flex"),
            #[cfg(feature = "vulkan")]
            DispatchDevice::Cube(CubeDevice::Wgpu(device)) => write!(f, "{:?} {:?}", device.backend, device.kind),
            device => write!(f, "{device:?}"),
        }
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({self})")
    }
}
