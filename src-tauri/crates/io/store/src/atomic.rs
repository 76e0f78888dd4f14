//! Files that appear whole or not at all, and folder names that are safe everywhere.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::time::Duration;

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
    // A device or a pipe, too, would be replaced by a file.
    if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        let path = path.to_owned();
        return Err(StoreError::NotAFile { path }.into());
    }
    if let Some(folder) = folder_of(path) {
        std::fs::metadata(folder).map_err(StoreError::io(folder, "find the folder"))?;
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
    // Some systems sync only what is open for writing.
    let file = File::options()
        .write(true)
        .open(temporary)
        .map_err(StoreError::io(temporary, "open"))?;
    file.sync_all().map_err(StoreError::io(temporary, "sync"))?;
    std::fs::rename(temporary, path).map_err(StoreError::io(path, "put in place"))?;
    folder_of(path).map_or(Ok(()), sync_folder)
}

/// Creates `folder` inside of an existing one, so that it outlives a power cut.
pub(crate) fn create_folder(folder: &Utf8Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(folder).map_err(StoreError::io(folder, "create"))?;
    folder_of(folder).map_or(Ok(()), sync_folder)
}

/// Syncs the names that `folder` holds. Other systems than Unix do not open folders.
fn sync_folder(folder: &Utf8Path) -> Result<()> {
    if cfg!(unix) {
        let open = File::open(folder).map_err(StoreError::io(folder, "open"))?;
        open.sync_all().map_err(StoreError::io(folder, "sync"))?;
    }
    Ok(())
}

/// The folder that `path` names; none for a bare file name.
fn folder_of(path: &Utf8Path) -> Option<&Utf8Path> {
    path.parent().filter(|folder| !folder.as_str().is_empty())
}

/// Removes what writers that died left beside their files in `folder`, once it is older than `age`:
/// younger ones may belong to a living writer.
pub(crate) fn sweep_partial(folder: &Utf8Path, age: Duration) -> Result<()> {
    let entries = folder
        .read_dir_utf8()
        .map_err(StoreError::io(folder, "list"))?;
    for entry in entries.flatten() {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let is_old = modified.is_ok_and(|at| at.elapsed().is_ok_and(|since| since > age));
        if is_old && is_partial(entry.file_name()) {
            match std::fs::remove_file(entry.path()) {
                // Another process opens the same project.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                removed => removed.map_err(StoreError::io(entry.path(), "remove"))?,
            }
        }
    }
    Ok(())
}

/// Whether `name` is one that [`sibling`] makes.
fn is_partial(name: &str) -> bool {
    let mut parts = name
        .strip_prefix('.')
        .into_iter()
        .flat_map(|rest| rest.rsplit('.'));
    parts
        .position(|part| part == "part")
        .is_some_and(|from_end| from_end <= 1)
        && parts
            .next()
            .is_some_and(|unique| unique.len() == 32 && uuid::Uuid::try_parse(unique).is_ok())
}

/// A temporary name that keeps the ending, since encoders choose the format by it.
fn sibling(path: &Utf8Path) -> Utf8PathBuf {
    // The longest legal name would have no room for the addition.
    let stem: String = path
        .file_stem()
        .unwrap_or("file")
        .chars()
        .take(24)
        .collect();
    let unique = uuid::Uuid::new_v4().simple();
    let name = match path.extension() {
        Some(extension) => format!(".{stem}.{unique}.part.{extension}"),
        None => format!(".{stem}.{unique}.part"),
    };
    path.with_file_name(name)
}

/// `name` as one folder name that every file system takes and that leads nowhere else.
pub fn folder_name(name: &str) -> String {
    /// In bytes; file systems take 255, and the name is part of longer paths.
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
        .filter(|word| !word.trim_matches('.').is_empty())
        .collect();
    let joined = words.join(" ");
    let trimmed = joined[..joined.floor_char_boundary(LONGEST)]
        .trim_matches(|c: char| c == '.' || c.is_whitespace());
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
    use crate::testing::Folder;

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
        check("a\u{0}b\nc", "a b c");
        check("CON.txt", "CON.txt_");
        check(".hidden", "hidden");
        check(&"x".repeat(500), &"x".repeat(80));
        check(&"🎬".repeat(500), &"🎬".repeat(20));
    }

    proptest::proptest! {
        #[test]
        fn any_name_becomes_a_folder_right_inside(name in "\\PC*|[./\\\\ :~a-z\\x00-\\x1f]*") {
            let folder = folder_name(&name);
            let components: Vec<_> = Utf8Path::new(&folder).components().collect();
            proptest::prop_assert!(
                matches!(components[..], [camino::Utf8Component::Normal(_)]) && folder.len() < 100,
                "{name:?} became {folder:?}"
            );
            let mut reserved = folder.chars().filter(|c| c.is_control() || r#"/\<>:"|?*"#.contains(*c));
            proptest::prop_assert_eq!(reserved.next(), None);
        }
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = Folder::new();
        let path = folder.file("a.txt");
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
        assert_eq!(folder.names(), ["a.txt"]);
    }

    #[test]
    fn a_file_that_cannot_be_put_in_place_is_refused_with_the_reason() {
        let folder = Folder::new();
        let refused = |path: &Utf8Path| write_atomic(path, b"x").unwrap_err();
        let error = refused(folder.path());
        assert!(matches!(error, StoreError::NotAFile { .. }), "{error}");
        let error = refused(&folder.file("no/such/a.txt")).to_string();
        assert!(
            error.contains("no/such: could not find the folder"),
            "{error}"
        );
        let error = refused(&folder.file(&"x".repeat(300)));
        assert!(matches!(error, StoreError::Io { .. }), "{error}");
        assert_eq!(folder.names(), [""; 0], "nothing is left behind");
    }

    #[test]
    fn only_old_leftovers_of_this_kind_are_swept() {
        let folder = Folder::new();
        let ours = ["film.mp4", "no ending", ".hidden", "a.part.b"]
            .map(|name| sibling(&folder.file(name)));
        let theirs =
            [".part", ".a.part.mp4", "film.part.mp4", ".x.0123.part"].map(|name| folder.file(name));
        for path in ours.iter().chain(&theirs) {
            std::fs::write(path, b"x").unwrap();
        }
        sweep_partial(folder.path(), Duration::from_secs(3600)).unwrap();
        assert_eq!(folder.names().len(), 8, "the writers may still live");
        std::thread::sleep(Duration::from_millis(20));
        sweep_partial(folder.path(), Duration::ZERO).unwrap();
        assert!(theirs.iter().all(|path| path.exists()) && folder.names().len() == 4);
    }

    #[test]
    fn several_may_sweep_at_once() {
        let folder = Folder::new();
        for _ in 0..1_000 {
            std::fs::write(sibling(&folder.file("film.mp4")), b"x").unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
        let together = std::sync::Barrier::new(4);
        let sweep = || {
            together.wait();
            sweep_partial(folder.path(), Duration::ZERO).unwrap();
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(sweep);
            }
        });
        assert_eq!(folder.names(), [""; 0]);
    }

    #[test]
    fn the_longest_file_name_can_be_written() {
        let folder = Folder::new();
        let name = format!("{}.txt", "é".repeat(125));
        write_atomic(&folder.file(&name), b"x").unwrap();
        assert_eq!(folder.names(), [name]);
    }
}
