//! Files that appear whole or not at all, and folder names that are safe everywhere.

use std::fs::File;
use std::io::Write;

use camino::{Utf8Path, Utf8PathBuf};

use crate::error::{Result, StoreError};

/// Replaces or creates `path` with `bytes`.
pub fn write_atomic(path: &Utf8Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |temporary| {
        let mut file = File::create(temporary).map_err(StoreError::io(temporary, "create"))?;
        file.write_all(bytes)
            .map_err(StoreError::io(temporary, "write"))
    })
}

/// Lets `make` write a temporary file beside `path`, then puts it in place: synced, renamed, and the
/// folder synced. On any error the temporary file is removed and `path` is as it was.
pub fn write_with<T, E: From<StoreError>>(
    path: &Utf8Path,
    make: impl FnOnce(&Utf8Path) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    if path.is_dir() {
        return Err(StoreError::Exists {
            path: path.to_owned(),
        }
        .into());
    }
    let temporary = sibling(path);
    let made = make(&temporary).and_then(|made| {
        publish(&temporary, path)?;
        Ok(made)
    });
    if made.is_err() {
        // It may not exist; then there is nothing to remove.
        let _ = std::fs::remove_file(&temporary);
    }
    made
}

/// Syncs `temporary`, renames it to `path`, and syncs the folder.
pub(crate) fn publish(temporary: &Utf8Path, path: &Utf8Path) -> Result<()> {
    let file = File::open(temporary).map_err(StoreError::io(temporary, "open"))?;
    file.sync_all().map_err(StoreError::io(temporary, "sync"))?;
    std::fs::rename(temporary, path).map_err(StoreError::io(path, "put in place"))?;
    sync_folder(path)
}

fn sync_folder(path: &Utf8Path) -> Result<()> {
    #[cfg(unix)]
    if let Some(folder) = path.parent().filter(|folder| !folder.as_str().is_empty()) {
        let open = File::open(folder).map_err(StoreError::io(folder, "open"))?;
        open.sync_all().map_err(StoreError::io(folder, "sync"))?;
    }
    Ok(())
}

/// A temporary name that keeps the ending, since encoders choose the format by it.
fn sibling(path: &Utf8Path) -> Utf8PathBuf {
    let stem = path.file_stem().unwrap_or("file");
    let unique = uuid::Uuid::new_v4().simple();
    let name = match path.extension() {
        Some(extension) => format!(".{stem}.{unique}.part.{extension}"),
        None => format!(".{stem}.{unique}.part"),
    };
    path.with_file_name(name)
}

/// `name` as one folder name that every file system takes and that leads nowhere else.
pub fn folder_name(name: &str) -> String {
    const LONGEST: usize = 80;
    let clean: String = name
        .chars()
        .map(|c| {
            if c.is_control() || r#"/\<>:"|?*"#.contains(c) {
                ' '
            } else {
                c
            }
        })
        .collect();
    let words: Vec<&str> = clean
        .split_whitespace()
        .filter(|word| word.trim_matches('.') != "")
        .collect();
    let joined: String = words.join(" ").chars().take(LONGEST).collect();
    let trimmed = joined.trim_matches(|c: char| c == '.' || c.is_whitespace());
    // Windows keeps these names for devices, with any ending.
    let device = trimmed
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_uppercase();
    let reserved = matches!(device.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || device.len() == 4
            && (device.starts_with("COM") || device.starts_with("LPT"))
            && device.ends_with(|c: char| c.is_ascii_digit());
    match trimmed {
        "" => "Untitled".to_owned(),
        name if reserved => format!("{name}_"),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, folder: &str) {
        assert_eq!(folder_name(name), folder, "{name:?}");
    }

    #[test]
    fn folder_names_stay_inside_their_folder() {
        check("My film", "My film");
        check("../../escape", "escape");
        check("a/b\\c", "a b c");
        check("..", "Untitled");
        check("  ", "Untitled");
        check("nul", "nul_");
        check("Ünïcødé 🎬", "Ünïcødé 🎬");
        check("ends with dot.", "ends with dot");
        assert_eq!(folder_name(&"x".repeat(500)).len(), 80);
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("a.txt")).unwrap();
        write_atomic(&path, b"old").unwrap();
        let failed: Result<()> = write_with(&path, |temporary| {
            std::fs::write(temporary, b"half").unwrap();
            Err(StoreError::Missing {
                what: "reason",
                id: "none".to_owned(),
            })
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
