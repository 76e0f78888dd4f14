//! A film from one sentence, headless, through the same operations as everywhere.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{app, setup, ui};

const SENTENCE: &str = "A lighthouse keeper's daughter must light the lamp alone when a storm takes the road and her father's boat is late.";
const SECONDS: f64 = 30.0;

pub(crate) fn run(sentence: Option<&str>, yes: bool) -> Result<()> {
    setup::run(setup::For::Use, yes)?;
    ui::build()?;
    println!("Building AV Studio in release mode; the first time takes some minutes");
    app::build(app::Profile::Release)?;

    let sentence = sentence.unwrap_or(SENTENCE);
    println!("\nThe sentence: {sentence}");
    let begun = Instant::now();
    let project = create_project(sentence)?;
    let folder = project["path"].as_str().context("the project's folder")?;
    let plan = call(
        "movie.plan",
        json!({ "project": folder, "sentence": sentence, "duration_secs": SECONDS }),
    )?;
    let film = plan["film"].as_str().context("the film's id")?;
    println!("\n{}", plan["plan"]["title"].as_str().unwrap_or("Untitled"));
    for shot in plan["plan"]["shots"].as_array().into_iter().flatten() {
        println!(
            "  {:>5.1} s  {}",
            shot["duration_sec"].as_f64().unwrap_or(0.0),
            shot["visual_description"].as_str().unwrap_or_default()
        );
    }
    let subject = json!({ "project": folder, "film": film });
    let estimate = call("movie.estimate", subject.clone())?;
    println!(
        "\nEstimate: {:.0} s, {:.0} MB, ${:.2}",
        estimate["seconds"].as_f64().unwrap_or(0.0),
        estimate["bytes"].as_f64().unwrap_or(0.0) / 1e6,
        estimate["cost_micro_usd"].as_f64().unwrap_or(0.0) / 1e6,
    );
    let rendered = call("movie.render", subject)?;
    for step in rendered["steps"].as_array().into_iter().flatten() {
        println!(
            "  {:<10} {:>3} made, {:>3} reused, {:>6.1} s",
            step["step"].as_str().unwrap_or_default(),
            step["made"],
            step["reused"],
            step["seconds"].as_f64().unwrap_or(0.0),
        );
    }
    println!(
        "\nFilm:     {}",
        rendered["video_path"].as_str().unwrap_or_default()
    );
    println!(
        "Captions: {}",
        rendered["captions_path"].as_str().unwrap_or_default()
    );
    println!("Project:  {folder}");
    println!("Made in {:.1} s.", begun.elapsed().as_secs_f64());
    println!("\nOpen it in the window: cargo xtask app -- --project \"{folder}\"");
    Ok(())
}

/// A project named after the sentence; a second demo of the same sentence gets a number.
fn create_project(sentence: &str) -> Result<Value> {
    let words: Vec<&str> = sentence.split_whitespace().take(6).collect();
    let name = words
        .join(" ")
        .trim_end_matches(['.', ',', '!', '?'])
        .to_owned();
    for number in 1..100 {
        let name = if number == 1 {
            name.clone()
        } else {
            format!("{name} {number}")
        };
        let created = call("project.create", json!({ "name": name }));
        match &created {
            Err(error) if error.to_string().contains("conflict") => continue,
            _ => return created,
        }
    }
    bail!("there are already 99 projects named {name}")
}

/// Runs an operation; its progress goes to standard error as it comes.
fn call(operation: &str, input: Value) -> Result<Value> {
    let binary = app::binary(app::Profile::Release);
    let output = Command::new(&binary)
        .args(["--json", "run", operation, "--input", &input.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{} could not be started", binary.display()))?;
    let answer: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{operation} did not answer JSON"))?;
    if !output.status.success() {
        let error = &answer["error"];
        bail!(
            "{operation}: {} ({})",
            error["message"].as_str().unwrap_or_default(),
            error["code"].as_str().unwrap_or_default()
        );
    }
    Ok(answer)
}
