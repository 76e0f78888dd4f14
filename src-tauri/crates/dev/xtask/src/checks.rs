//! `cargo xtask test`: every check of the project, fastest first.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::{app, dependencies, generate, setup, shell, ui};

type Step = (&'static str, fn() -> Result<()>);

const STEPS: &[Step] = &[
    ("format", || {
        shell::run("cargo", &["fmt", "--all", "--check"])
    }),
    ("dependencies", dependencies::check),
    ("deny", deny),
    ("ui", ui_checks),
    ("clippy", clippy),
    ("build", || app::build(app::Profile::Debug)),
    ("generated", || generate::run(true)),
    ("test", || {
        shell::run("cargo", &["test", "--workspace", "--no-fail-fast"])
    }),
];

pub(crate) fn run(only: &[String], skip: &[String], yes: bool) -> Result<()> {
    for name in only.iter().chain(skip) {
        if !STEPS.iter().any(|(step, _)| step == name) {
            let known: Vec<&str> = STEPS.iter().map(|(step, _)| *step).collect();
            bail!(
                "there is no step `{name}`; the steps are {}",
                known.join(", ")
            );
        }
    }
    setup::run(setup::For::Tests, yes)?;
    ui::build()?;
    let chosen = |name: &str| {
        (only.is_empty() || only.iter().any(|step| step == name))
            && !skip.iter().any(|step| step == name)
    };
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for (name, step) in STEPS.iter().filter(|(name, _)| chosen(name)) {
        println!("\n== {name}");
        let begun = Instant::now();
        let result = step();
        times.push((name, begun.elapsed()));
        if result.is_err() {
            summary(&times);
            return result;
        }
    }
    summary(&times);
    println!("All checks passed.");
    Ok(())
}

fn summary(times: &[(&str, Duration)]) {
    println!();
    for (name, time) in times {
        println!("{name:<14}{:>8.1} s", time.as_secs_f64());
    }
}

fn clippy() -> Result<()> {
    shell::run(
        "cargo",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
    )
}

/// Advisories need a database from the network; the hosted workflow checks them.
fn deny() -> Result<()> {
    let checks = ["check", "bans", "licenses", "sources"];
    shell::run(
        "cargo",
        &[&["deny", "--config", "src-tauri/deny.toml"], &checks[..]].concat(),
    )
}

fn ui_checks() -> Result<()> {
    let folder = shell::root().join("ui");
    for script in ["check", "lint", "format", "test"] {
        shell::run_in(&folder, "npm", &["run", "--silent", script])?;
    }
    Ok(())
}
