//! A key that cannot be shown by accident.

use std::fmt;

/// A provider's key. `Debug` prints `***`; there is no `Display` and no `Serialize`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Surrounding white space, as it comes with copied keys, is dropped.
    pub fn new(key: impl Into<String>) -> Secret {
        Secret(key.into().trim().to_owned())
    }

    /// The key itself. For headers only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let key = Secret::new(" sk-123\n");
        assert_eq!(format!("{key:?} {:?}", Some(&key)), "*** Some(***)");
        assert_eq!(key.expose(), "sk-123");
    }
}
