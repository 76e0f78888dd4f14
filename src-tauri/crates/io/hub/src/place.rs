//! Where the shared cache is, as the hub's own tools decide it.

use camino::Utf8PathBuf;

/// The folder that programs share, from the environment: `HF_HUB_CACHE`, else `hub` in `HF_HOME`, else
/// in `huggingface` of the system's cache. `None` where not even a home is known.
pub fn shared_folder(variable: impl Fn(&str) -> Option<String>) -> Option<Utf8PathBuf> {
    let set = |name: &str| {
        variable(name)
            .map(Utf8PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    // The second name is the older one.
    for name in ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"] {
        if let Some(folder) = set(name) {
            return Some(folder);
        }
    }
    if let Some(home) = set("HF_HOME") {
        return Some(home.join("hub"));
    }
    // The tools use ~/.cache on every system, Windows and macOS included.
    let cache = set("XDG_CACHE_HOME").or_else(|| {
        let home = set("HOME").or_else(|| set("USERPROFILE"))?;
        Some(home.join(".cache"))
    })?;
    Some(cache.join("huggingface").join("hub"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn check(set: &[(&str, &str)], expected: Option<&str>) {
        let folder = shared_folder(|name| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        assert_eq!(
            folder.as_deref().map(|path| path.as_str()),
            expected,
            "{set:?}"
        );
    }

    #[test]
    fn the_folder_is_the_one_of_the_hub_s_own_tools() {
        let home = ("HOME", "/home/me");
        check(&[home], Some("/home/me/.cache/huggingface/hub"));
        check(
            &[home, ("XDG_CACHE_HOME", "/c")],
            Some("/c/huggingface/hub"),
        );
        check(&[home, ("HF_HOME", "/hf")], Some("/hf/hub"));
        check(
            &[home, ("HF_HOME", "/hf"), ("HF_HUB_CACHE", "/x")],
            Some("/x"),
        );
        check(
            &[home, ("HF_HUB_CACHE", "")],
            Some("/home/me/.cache/huggingface/hub"),
        );
        check(&[], None);
    }
}
