//! Where providers' keys are kept: the system's keychain, or an encrypted file where there is none.
//!
//! The file is sealed with XChaCha20-Poly1305 under a random key that lies beside it, readable by its
//! owner only. That keeps keys out of backups of the one file, logs and curious eyes; whoever can
//! read the owner's whole home can read them. A keychain is better, and is used where it answers.
//!
//! Changes of the file wait for each other, also across processes: none is lost, and one random key
//! seals it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};

use camino::{Utf8Path, Utf8PathBuf};
use chacha20poly1305::aead::{Aead, Generate, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use schemars::JsonSchema;
use serde::Serialize;
use studio_core::Error;

use crate::llm::Secret;

/// The keychain's name for what belongs to us.
const SERVICE: &str = "av-studio";
const NONCE_BYTES: usize = 24;

/// Where a key lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    Keychain,
    EncryptedFile,
}

/// Keys by provider. Cheap to make; reads and writes at once.
#[derive(Debug)]
pub struct Vault {
    folder: Utf8PathBuf,
    keychain: bool,
}

impl Vault {
    /// `folder` takes the encrypted file; `keychain` says whether the system's is tried first.
    pub fn new(folder: &Utf8Path, keychain: bool) -> Vault {
        Vault {
            folder: folder.to_owned(),
            keychain,
        }
    }

    /// Keeps `secret` under `name`, replacing what was there, and says where.
    pub fn set(&self, name: &str, secret: &Secret) -> Result<Kept, Error> {
        if self.keychain {
            match entry(name).and_then(|entry| entry.set_password(secret.expose())) {
                Ok(()) => {
                    // Else an older key in the file could come back to life.
                    self.change(|keys| keys.remove(name))?;
                    return Ok(Kept::Keychain);
                }
                Err(error) => {
                    tracing::info!(%error, "no keychain; the key goes into the encrypted file")
                }
            }
        }
        self.change(|keys| keys.insert(name.to_owned(), secret.expose().to_owned()))?;
        Ok(Kept::EncryptedFile)
    }

    pub fn get(&self, name: &str) -> Result<Option<(Secret, Kept)>, Error> {
        if self.keychain
            && let Ok(secret) = entry(name).and_then(|entry| entry.get_password())
        {
            return Ok(Some((Secret::new(secret), Kept::Keychain)));
        }
        let found = self.read()?.remove(name);
        Ok(found.map(|secret| (Secret::new(secret), Kept::EncryptedFile)))
    }

    /// Forgets the key everywhere. Nothing to forget is no error; a key that is still there is one.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        self.change(|keys| keys.remove(name))?;
        if self.keychain
            && let Ok(entry) = entry(name)
            && let Err(error) = forgotten(entry.delete_credential(), || entry.get_password())
        {
            let message = format!("the keychain does not give up the key of {name}: {error}");
            return Err(Error::new(studio_core::ErrorCode::Io, message)
                .hint("remove it there by hand; its service is named `av-studio`"));
        }
        Ok(())
    }

    fn path(&self) -> Utf8PathBuf {
        self.folder.join("keys.sealed")
    }

    fn read(&self) -> Result<BTreeMap<String, String>, Error> {
        let path = self.path();
        let sealed = match std::fs::read(&path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(BTreeMap::new());
            }
            Err(error) => return Err(Error::io(format!("read {path}"), &error)),
        };
        let damaged = || {
            Error::new(
                studio_core::ErrorCode::Io,
                format!("{path} is damaged, or its key is lost"),
            )
            .hint("remove the file and enter the providers' keys again")
        };
        let (nonce, text) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| damaged())?;
        let open = self
            .cipher()?
            .decrypt(&nonce, text)
            .map_err(|_| damaged())?;
        serde_json::from_slice(&open).map_err(|_| damaged())
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, String>) -> T,
    ) -> Result<(), Error> {
        // Free again when it is dropped, or the process dies.
        let _lock = self.lock()?;
        let before = self.read()?;
        let mut keys = before.clone();
        change(&mut keys);
        if keys == before {
            return Ok(());
        }
        let path = self.path();
        let text = serde_json::to_vec(&keys)
            .map_err(|error| Error::internal(format!("keys cannot be written: {error}")))?;
        let nonce = XNonce::generate();
        let sealed = self
            .cipher()?
            .encrypt(&nonce, text.as_slice())
            .map_err(|_| Error::internal("keys cannot be sealed"))?;
        let bytes = [nonce.as_slice(), &sealed].concat();
        write_private(&path, &bytes).map_err(|error| Error::io(format!("write {path}"), &error))
    }

    fn lock(&self) -> Result<File, Error> {
        let path = self.folder.join("keys.lock");
        let mut options = private();
        let file = options.create(true).truncate(false).open(&path);
        let locked = file.and_then(|file| match file.lock() {
            // Some network folders have no locks; whoever is alone there needs none.
            Err(error) if error.kind() != ErrorKind::Unsupported => Err(error),
            _ => Ok(file),
        });
        locked.map_err(|error| Error::io(format!("lock {path}"), &error))
    }

    /// The cipher under this home's own random key, which is made when it is first needed.
    fn cipher(&self) -> Result<XChaCha20Poly1305, Error> {
        let path = self.folder.join("keys.secret");
        let failed = |error: &std::io::Error| Error::io(format!("read {path}"), error);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let key = Key::generate();
                write_private(&path, &key)
                    .map_err(|error| Error::io(format!("write {path}"), &error))?;
                key.to_vec()
            }
            Err(error) => return Err(failed(&error)),
        };
        let key = Key::try_from(bytes.as_slice()).map_err(|_| {
            Error::new(studio_core::ErrorCode::Io, format!("{path} is damaged"))
                .hint("remove it together with keys.sealed and enter the providers' keys again")
        })?;
        Ok(XChaCha20Poly1305::new(&key))
    }
}

/// Whether a key is gone. `removed` also fails where there is no keychain: then nothing can be `read`.
fn forgotten(
    removed: keyring::Result<()>,
    read: impl FnOnce() -> keyring::Result<String>,
) -> keyring::Result<()> {
    match removed {
        Err(error) if !matches!(error, keyring::Error::NoEntry) && read().is_ok() => Err(error),
        _ => Ok(()),
    }
}

fn entry(name: &str) -> keyring::Result<keyring::Entry> {
    keyring::Entry::new(SERVICE, name)
}

/// Replaces the file as a whole; only its owner may read it.
fn write_private(path: &Utf8Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_extension(format!("tmp{}", std::process::id()));
    let written = private()
        .create(true)
        .truncate(true)
        .open(&temporary)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
    let renamed = written.and_then(|()| std::fs::rename(&temporary, path));
    if renamed.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    renamed
}

/// Opens for writing what nobody else may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> (tempfile::TempDir, Vault) {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::new(Utf8Path::from_path(folder.path()).unwrap(), false);
        (folder, vault)
    }

    fn key(vault: &Vault, name: &str) -> Option<String> {
        vault
            .get(name)
            .unwrap()
            .map(|(secret, _)| secret.expose().to_owned())
    }

    #[test]
    fn keys_are_kept_replaced_and_forgotten() {
        let (_folder, vault) = vault();
        assert_eq!(key(&vault, "openai"), None);
        assert_eq!(
            vault.set("openai", &Secret::new("sk-1")).unwrap(),
            Kept::EncryptedFile
        );
        vault.set("gemini", &Secret::new("g-1")).unwrap();
        vault.set("openai", &Secret::new("sk-2")).unwrap();
        assert_eq!(key(&vault, "openai").as_deref(), Some("sk-2"));
        vault.remove("openai").unwrap();
        vault.remove("openai").unwrap();
        assert_eq!(key(&vault, "openai"), None);
        assert_eq!(key(&vault, "gemini").as_deref(), Some("g-1"));
    }

    #[test]
    fn a_keychain_that_keeps_its_key_is_told() {
        let locked = || Err(keyring::Error::NoStorageAccess("locked".into()));
        let there = || Ok("sk-1".to_owned());
        assert!(forgotten(locked(), there).is_err());
        let nowhere = || Err(keyring::Error::NoStorageAccess("no keychain".into()));
        assert!(forgotten(locked(), nowhere).is_ok());
        let never = || panic!("nothing is asked for a key that is gone");
        assert!(forgotten(Ok(()), never).is_ok());
        assert!(forgotten(Err(keyring::Error::NoEntry), never).is_ok());
    }

    #[test]
    fn keys_that_are_kept_at_once_are_all_kept() {
        let (_folder, vault) = vault();
        let names: Vec<String> = (0..24).map(|n| format!("p{n}")).collect();
        std::thread::scope(|scope| {
            for name in &names {
                let vault = Vault::new(&vault.folder, false);
                scope.spawn(move || vault.set(name, &Secret::new(name.as_str())).unwrap());
            }
        });
        for name in &names {
            assert_eq!(key(&vault, name).as_ref(), Some(name));
        }
    }

    #[test]
    fn the_file_shows_nothing_and_is_the_owners() {
        let (folder, vault) = vault();
        vault.set("openai", &Secret::new("sk-very-secret")).unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes.windows(9).any(|part| part == b"sk-very-s"),
                "{path:?}"
            );
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let mode = std::fs::metadata(&path).unwrap().permissions().mode();
                assert_eq!(mode & 0o077, 0, "{path:?} can be read by others");
            }
        }
    }

    #[test]
    fn a_damaged_file_is_told_and_not_overwritten() {
        let (folder, vault) = vault();
        vault.set("openai", &Secret::new("sk-1")).unwrap();
        let path = folder.path().join("keys.sealed");
        let mut bytes = std::fs::read(&path).unwrap();
        for damage in [0, bytes.len() / 2, bytes.len() - 1] {
            bytes[damage] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            assert!(vault.get("openai").is_err());
            assert!(vault.set("openai", &Secret::new("x")).is_err());
            bytes[damage] ^= 1;
        }
        std::fs::write(&path, &bytes[..10]).unwrap();
        assert!(vault.get("openai").is_err());
    }
}
