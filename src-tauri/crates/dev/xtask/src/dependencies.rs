//! Keeps `docs/dependencies.md` true: it names every direct dependency, and nothing else.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::shell;

pub(crate) fn check() -> Result<()> {
    let read = |path: &str| {
        std::fs::read_to_string(shell::root().join(path))
            .with_context(|| format!("{path} cannot be read"))
    };
    let mut used = rust(&read("Cargo.toml")?);
    used.extend(npm(&serde_json::from_str(&read("ui/package.json")?)?));
    let named = documented(&read("docs/dependencies.md")?);
    let missing: Vec<&String> = used.difference(&named).collect();
    let surplus: Vec<&String> = named.difference(&used).collect();
    if !missing.is_empty() || !surplus.is_empty() {
        bail!("docs/dependencies.md lacks {missing:?} and names {surplus:?}, which are not used");
    }
    Ok(())
}

/// Keys of `[workspace.dependencies]` that are not our own crates.
fn rust(manifest: &str) -> BTreeSet<String> {
    manifest
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.contains("path = "))
        .filter_map(|line| line.split_once('=').map(|(name, _)| name.trim().to_owned()))
        .filter(|name| !name.starts_with('#'))
        .collect()
}

fn npm(package: &Value) -> BTreeSet<String> {
    let sections = ["dependencies", "devDependencies"];
    let names = sections
        .iter()
        .filter_map(|section| package[section].as_object());
    names.flat_map(|section| section.keys().cloned()).collect()
}

/// Names in the first column of the tables: "| `name` | why |".
fn documented(page: &str) -> BTreeSet<String> {
    let cell = |line: &str| {
        let rest = line.strip_prefix("| `")?;
        rest.split_once('`').map(|(name, _)| name.to_owned())
    };
    page.lines().filter_map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_manifest_and_page() {
        let manifest = "[workspace]\nx = 1\n[workspace.dependencies]\n# why\na = \"1\"\nown = { path = \"x\" }\nb-c = { version = \"2\" }\n\n[profile]\nd = 1\n";
        assert_eq!(
            rust(manifest),
            BTreeSet::from(["a".to_owned(), "b-c".to_owned()])
        );
        assert_eq!(
            documented("# T\n| crate | why |\n| `a` | x |\n"),
            BTreeSet::from(["a".to_owned()])
        );
    }
}
