//! The interfaces to devices that burn has, and what this machine has behind each.

#[cfg(any(feature = "cuda", feature = "rocm", feature = "vulkan"))]
use burn_dispatch::devices::CubeDevice;
use burn_dispatch::{DispatchDevice, devices};
use std::sync::OnceLock;

/// In the order in which they are preferred. What they are called is the name of the feature that builds them in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interface {
    Cuda,
    Rocm,
    Metal,
    Vulkan,
    WebGpu,
    LibTorch,
    Flex,
}

impl Interface {
    pub(crate) const ALL: [Interface; 7] = {
        use Interface::*;
        [Cuda, Rocm, Metal, Vulkan, WebGpu, LibTorch, Flex]
    };

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Interface::Cuda => "cuda",
            Interface::Rocm => "rocm",
            Interface::Metal => "metal",
            Interface::Vulkan => "vulkan",
            Interface::WebGpu => "webgpu",
            Interface::LibTorch => "libtorch",
            Interface::Flex => "flex",
        }
    }

    pub(crate) const fn is_built_in(self) -> bool {
        match self {
            Interface::Cuda => cfg!(feature = "cuda"),
            Interface::Rocm => cfg!(feature = "rocm"),
            Interface::Metal => cfg!(feature = "metal"),
            Interface::Vulkan => cfg!(feature = "vulkan"),
            Interface::WebGpu => cfg!(feature = "webgpu"),
            Interface::LibTorch => cfg!(feature = "libtorch"),
            Interface::Flex => cfg!(feature = "flex"),
        }
    }

    /// The interface that a device is behind.
    pub(crate) fn of(device: &DispatchDevice) -> Self {
        match device {
            #[cfg(any(feature = "cuda", feature = "rocm", feature = "vulkan"))]
            DispatchDevice::Cube(CubeDevice::Cuda(_)) => Interface::Cuda,
            #[cfg(any(feature = "cuda", feature = "rocm", feature = "vulkan"))]
            DispatchDevice::Cube(CubeDevice::Hip(_)) => Interface::Rocm,
            #[cfg(feature = "vulkan")]
            DispatchDevice::Cube(CubeDevice::Wgpu(device)) => match device.backend {
                devices::WgpuBackend::Metal => Interface::Metal,
                devices::WgpuBackend::WebGpu => Interface::WebGpu,
                _ => Interface::Vulkan,
            },
            #[cfg(feature = "libtorch")]
            DispatchDevice::LibTorch(_) => Interface::LibTorch,
            _ => Interface::Flex,
        }
    }

    /// The devices of this machine, the most powerful first. They are looked for once.
    pub(crate) fn devices(self) -> &'static [DispatchDevice] {
        static FOUND: [OnceLock<Vec<DispatchDevice>>; Interface::ALL.len()] =
            [const { OnceLock::new() }; Interface::ALL.len()];
        FOUND[self as usize].get_or_init(|| self.look_for())
    }

    fn look_for(self) -> Vec<DispatchDevice> {
        match self {
            #[cfg(feature = "cuda")]
            Interface::Cuda => alike(CubeDevice::Cuda(devices::CudaDevice::new(0))),
            #[cfg(feature = "rocm")]
            Interface::Rocm => alike(CubeDevice::Hip(devices::RocmDevice::new(0))),
            #[cfg(feature = "metal")]
            Interface::Metal => adapters(devices::WgpuBackend::Metal),
            #[cfg(feature = "vulkan")]
            Interface::Vulkan => adapters(devices::WgpuBackend::Vulkan),
            #[cfg(feature = "webgpu")]
            Interface::WebGpu => adapters(devices::WgpuBackend::WebGpu),
            #[cfg(feature = "libtorch")]
            #[allow(deprecated)]
            Interface::LibTorch => vec![DispatchDevice::from(devices::LibTorchDevice::Cpu)],
            #[cfg(feature = "flex")]
            Interface::Flex => vec![DispatchDevice::from(devices::FlexDevice)],
            #[allow(unreachable_patterns)]
            _ => Vec::new(),
        }
    }
}

/// All devices of one kind.
#[cfg(any(feature = "cuda", feature = "rocm", feature = "vulkan"))]
fn alike(device: CubeDevice) -> Vec<DispatchDevice> {
    let ids = CubeDevice::enumerate(device.to_id());
    ids.into_iter().map(|id| DispatchDevice::Cube(CubeDevice::from_id(id))).collect()
}

/// What a graphics interface has: cards of their own, the graphics of processors, those of virtual machines, what does not say
/// what it is, and the processor itself.
#[cfg(feature = "vulkan")]
fn adapters(interface: devices::WgpuBackend) -> Vec<DispatchDevice> {
    use devices::{WgpuDevice, WgpuDeviceKind::*};
    let kinds = [DiscreteGpu(0), IntegratedGpu(0), VirtualGpu(0), Other(0), Cpu];
    let kinds = kinds.map(|kind| CubeDevice::Wgpu(WgpuDevice::new(kind).on(interface)));
    let mut adapters = Vec::new();
    for adapter in kinds.into_iter().flat_map(alike) {
        // All that calculate in software are one.
        if !adapters.contains(&adapter) {
            adapters.push(adapter);
        }
    }
    adapters
}

/// Whether a graphics interface is calculated by the processor itself.
pub(crate) fn is_in_software(device: &DispatchDevice) -> bool {
    match device {
        #[cfg(feature = "vulkan")]
        DispatchDevice::Cube(CubeDevice::Wgpu(device)) => device.kind == devices::WgpuDeviceKind::Cpu,
        _ => false,
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
