//! Memory of this process and this machine, where the operating system tells.

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
