//! `cargo xtask`: the one way to set up, build, run, test and measure AV Studio.

// A command-line tool speaks on its standard streams.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod app;
mod checks;
mod demo;
mod dependencies;
mod generate;
mod setup;
mod shell;
mod typescript;
mod ui;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Set up, build, run, test and measure AV Studio"
)]
struct Arguments {
    /// Install without asking.
    #[arg(long, global = true)]
    yes: bool,
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what building and testing need.
    Setup,
    /// Make a film from one sentence, headless.
    Demo {
        /// What the film is about.
        sentence: Option<String>,
    },
    /// Open the window.
    App {
        /// Passed to av-studio.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check and test everything.
    Test {
        /// Run only these steps.
        #[arg(long)]
        only: Vec<String>,
        /// Leave these steps out.
        #[arg(long)]
        skip: Vec<String>,
    },
    /// Measure against peers.
    Bench {
        /// Only this file of `benches`, such as `decode`.
        file: Option<String>,
        /// Of it, only benches whose name contains this.
        filter: Option<String>,
    },
    /// Build the page into ui/dist.
    Ui,
    /// Write the operations reference and the page's types from the registry.
    Generate {
        /// Only tell whether they are up to date.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> Result<()> {
    let Arguments { yes, task } = Arguments::parse();
    let yes = yes || std::env::var_os("CI").is_some_and(|ci| !ci.is_empty());
    match task {
        Task::Setup => setup::run(setup::For::Tests, yes),
        Task::Demo { sentence } => demo::run(sentence.as_deref(), yes),
        Task::App { arguments } => app::run(&arguments, yes),
        Task::Test { only, skip } => checks::run(&only, &skip, yes),
        Task::Bench { file, filter } => {
            setup::run(setup::For::Tests, yes)?;
            ui::build()?;
            app::build(app::Profile::Release)?;
            let mut arguments = vec!["bench", "--package", "studio-benches"];
            arguments.extend(file.iter().flat_map(|file| ["--bench", file]));
            arguments.push("--");
            arguments.extend(filter.as_deref());
            shell::run("cargo", &arguments)
        }
        Task::Ui => ui::build(),
        Task::Generate { check } => {
            ui::build()?;
            app::build(app::Profile::Debug)?;
            generate::run(check)
        }
    }
}
