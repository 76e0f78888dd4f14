//! Room on a disk.

use camino::Utf8Path;

/// Bytes that this user may still write where `folder` is, or will be. `None` where the system does
/// not tell: then writing itself says so.
pub fn free_bytes(folder: &Utf8Path) -> Option<u64> {
    // What does not exist yet will lie on the disk of its nearest parent that does.
    let there = folder.ancestors().find(|folder| folder.is_dir())?;
    available(there)
}

#[cfg(unix)]
fn available(folder: &Utf8Path) -> Option<u64> {
    let path = std::ffi::CString::new(folder.as_str()).ok()?;
    let mut told = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: `path` ends with a zero and lives through the call; `told` is a whole statvfs.
    let status = unsafe { libc::statvfs(path.as_ptr(), told.as_mut_ptr()) };
    if status != 0 {
        return None;
    }
    // SAFETY: the call said that it filled the struct.
    let told = unsafe { told.assume_init() };
    // The widths of both fields differ between systems.
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
    Some((told.f_bavail as u64).saturating_mul(told.f_frsize as u64))
}

#[cfg(not(unix))]
fn available(_folder: &Utf8Path) -> Option<u64> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_will_be_made_has_the_room_of_its_parent() {
        let folder = studio_testkit::TempFolder::new();
        let here = free_bytes(folder.path()).unwrap();
        assert!(here > 0, "tests run on a disk with room");
        assert!(free_bytes(&folder.file("a/b/c")).is_some());
    }
}
