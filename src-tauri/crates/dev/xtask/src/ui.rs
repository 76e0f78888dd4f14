//! The page: installed and built only when something changed.

use std::path::Path;
use std::time::SystemTime;

use anyhow::Result;

use crate::shell;

/// Builds `ui/dist` unless it is newer than everything that it is made of.
pub(crate) fn build() -> Result<()> {
    install()?;
    let ui = shell::root().join("ui");
    let inputs = [
        "src",
        "public",
        "index.html",
        "package-lock.json",
        "vite.config.ts",
        "svelte.config.js",
    ];
    let newest = inputs
        .iter()
        .filter_map(|input| newest(&ui.join(input)))
        .max();
    let built = modified(&ui.join("dist/index.html"));
    if built.is_some() && built > newest {
        return Ok(());
    }
    shell::run_in(&ui, "npm", &["run", "--silent", "build"])
}

/// Brings the page's packages to what the lock file says.
pub(crate) fn install() -> Result<()> {
    let ui = shell::root().join("ui");
    let installed = modified(&ui.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= modified(&ui.join("package-lock.json")) {
        return Ok(());
    }
    shell::run_in(
        &ui,
        "npm",
        &["ci", "--no-audit", "--no-fund", "--loglevel=error"],
    )
}

fn newest(path: &Path) -> Option<SystemTime> {
    let own = modified(path);
    let below = std::fs::read_dir(path).ok().into_iter().flatten().flatten();
    below
        .filter_map(|entry| newest(&entry.path()))
        .max()
        .max(own)
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok()
}
