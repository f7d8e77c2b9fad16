//! How much memory a device has taken, or the process where the device is the CPU.

use burn::tensor::Device;

/// Gigabytes, and of what; nothing where nobody tells.
pub(crate) fn describe(device: &Device) -> Option<String> {
    let (bytes, whose) = taken(device)?;
    Some(format!("{:.2} GB {whose}", bytes as f64 / 1e9))
}

/// Bytes that the device's allocator has reserved, which it does not give back by itself, or else the most that the process
/// has had in memory at once.
pub(crate) fn taken(device: &Device) -> Option<(u64, &'static str)> {
    if let Some(usage) = device.memory_pool_usage() {
        return Some((usage.bytes_reserved, "reserved on the device"));
    }
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    Some((high_water(&status)?, "at most in this process"))
}

/// Bytes that the device's allocator has reserved now, or else those that the process has in memory.
pub(crate) fn now(device: &Device) -> Option<u64> {
    if let Some(usage) = device.memory_pool_usage() {
        return Some(usage.bytes_reserved);
    }
    kilobytes(&std::fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// Lets the most that the process has had at once begin anew, where the system can.
pub(crate) fn forget_peak() {
    // Where it can't, the most of the whole process is told: a little more than what follows has taken.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Bytes that the machine can still give; nothing where nobody tells.
pub(crate) fn free() -> Option<u64> {
    kilobytes(&std::fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")
}

/// `VmHWM` of a `/proc/…/status`, in bytes.
fn high_water(status: &str) -> Option<u64> {
    kilobytes(status, "VmHWM:")
}

/// The line that begins with `name`, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark() {
        assert_eq!(high_water("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2048 * 1024));
        assert_eq!(high_water("Name:\tx\n"), None);
        assert_eq!(kilobytes("MemFree: 3 kB\nMemAvailable:   7 kB\n", "MemAvailable:"), Some(7 * 1024));
    }
}
