//! Where models run, and the memory of this process and this machine as the operating system tells it.

use candle_core::Device;

use crate::error::Result;

/// Where models run: the graphics card of a build that has kernels for one, else the CPU.
///
/// # Errors
/// When there is a card and its driver refuses it.
pub fn device() -> Result<Device> {
    if cfg!(feature = "cuda") && candle_core::utils::cuda_is_available() {
        return Ok(Device::new_cuda(0)?);
    }
    if cfg!(feature = "metal") && candle_core::utils::metal_is_available() {
        return Ok(Device::new_metal(0)?);
    }
    Ok(Device::Cpu)
}

/// Memory that this process has in RAM.
pub fn resident_bytes() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        kibibytes(
            &std::fs::read_to_string("/proc/self/status").ok()?,
            "VmRSS:",
        )
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Memory that can be taken without pushing others out.
pub fn available_bytes() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        kibibytes(
            &std::fs::read_to_string("/proc/meminfo").ok()?,
            "MemAvailable:",
        )
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Gives memory that was freed back to the system now: the allocator would keep it for later.
pub fn release_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: takes no pointer and may be called from any thread (malloc_trim(3)).
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(target_os = "linux")]
fn kibibytes(told: &str, key: &str) -> Option<u64> {
    let line = told.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}
