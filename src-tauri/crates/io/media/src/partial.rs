//! Files that appear complete or not at all, and those that must not be lost.

use std::fs::File;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempPath;

use crate::error::{MediaError, Result};

/// A file being written beside its final place; dropped without [`Partial::publish`] it vanishes.
pub(crate) struct Partial {
    /// None where it is written in its place.
    temp: Option<(TempPath, Utf8PathBuf)>,
    target: Utf8PathBuf,
}

impl Partial {
    pub(crate) fn beside(target: &Utf8Path) -> Result<Partial> {
        let io = |e| MediaError::io(target, e);
        let folder = match target.parent() {
            Some(parent) if !parent.as_str().is_empty() => parent,
            _ => Utf8Path::new("."),
        };
        if target.is_dir() {
            return Err(MediaError::Folder {
                path: target.into(),
            });
        }
        // A device or a pipe would be replaced by a file.
        if std::fs::metadata(target).is_ok_and(|meta| !meta.is_file()) {
            return Err(MediaError::Unsupported {
                path: target.into(),
                detail: "is a device or a pipe; name a file".into(),
            });
        }
        let mut builder = tempfile::Builder::new();
        let prefix = format!(".{}-", target.file_name().unwrap_or("media"));
        builder.prefix(&prefix).suffix(".part");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As any new file: the umask takes away what it should.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let temp = builder.tempfile_in(folder).map_err(io)?.into_temp_path();
        let temp_utf8 = Utf8PathBuf::from_path_buf(temp.to_path_buf()).map_err(|path| {
            MediaError::Unsupported {
                path: target.into(),
                detail: format!("{} is not UTF-8", path.display()),
            }
        })?;
        Ok(Partial {
            temp: Some((temp, temp_utf8)),
            target: target.into(),
        })
    }

    /// A file that is written in its place and stays there, complete or not.
    pub(crate) fn in_place(target: &Utf8Path) -> Partial {
        Partial {
            temp: None,
            target: target.into(),
        }
    }

    /// Where to write until then.
    pub(crate) fn path(&self) -> &Utf8Path {
        let temp = self.temp.as_ref();
        temp.map_or(&self.target, |(_, path)| path)
    }

    /// The final place.
    pub(crate) fn target(&self) -> &Utf8Path {
        &self.target
    }

    /// Makes the file durable and moves it to its place, over what was there.
    pub(crate) fn publish(self) -> Result<()> {
        let target = self.target.clone();
        let io = |e| MediaError::io(&target, e);
        File::options()
            .write(true)
            .open(self.path())
            .and_then(|file| file.sync_all())
            .map_err(io)?;
        if let Some((temp, _)) = self.temp {
            temp.persist(&target).map_err(|e| io(e.error))?;
        }
        #[cfg(unix)]
        if let Some(folder) = target.parent().filter(|f| !f.as_str().is_empty()) {
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(io)?;
        }
        Ok(())
    }
}
