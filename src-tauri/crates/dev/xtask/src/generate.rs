//! Files that come from the registry and from types: the operations reference, the page's types, the
//! schemas of the lists of models and prices.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{app, shell, typescript};

/// Writes the files, or with `check` only tells whether they are what they should be.
pub(crate) fn run(check: bool) -> Result<()> {
    let Value::Array(operations) = asked(&["ops", "--json"])? else {
        bail!("av-studio ops did not answer a list");
    };
    let mut files = vec![
        ("docs/operations.md".to_owned(), reference(&operations)),
        (
            "ui/src/lib/generated/operations.ts".to_owned(),
            typescript::module(&operations)?,
        ),
    ];
    files.extend(schemas()?);
    for (path, text) in files {
        let file = shell::root().join(&path);
        if !check {
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(&file, text).with_context(|| format!("{path} cannot be written"))?;
            println!("wrote {path}");
        } else if std::fs::read_to_string(&file).ok().as_deref() != Some(&text) {
            bail!("{path} is out of date; run `cargo xtask generate`");
        }
    }
    Ok(())
}

/// The schemas of `models/*.yaml`, for editors.
fn schemas() -> Result<Vec<(String, String)>> {
    let Value::Object(schemas) = asked(&["schemas"])? else {
        bail!("av-studio schemas did not answer an object");
    };
    let written = schemas.into_iter().map(|(name, schema)| {
        let text = serde_json::to_string_pretty(&schema)?;
        Ok((format!("models/{name}"), format!("{text}\n")))
    });
    written.collect()
}

/// What the app answers in JSON.
fn asked(arguments: &[&str]) -> Result<Value> {
    let binary = app::binary(app::Profile::Debug);
    // A home of its own: the answer must not depend on whose machine this is.
    let home = shell::target().join("generate-home");
    let output = Command::new(&binary)
        .args(arguments)
        .env("AV_STUDIO_HOME", &home)
        .output()
        .with_context(|| format!("{} could not be started", binary.display()))?;
    let asked = arguments.join(" ");
    if !output.status.success() {
        bail!(
            "av-studio {asked} failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("av-studio {asked} did not answer JSON"))
}

/// The reference as Markdown, one section a domain.
fn reference(operations: &[Value]) -> String {
    let mut domains: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for operation in operations {
        let name = operation["name"].as_str().unwrap_or_default();
        domains
            .entry(name.split('.').next().unwrap_or_default())
            .or_default()
            .push(operation);
    }
    let mut page = String::from(
        "# Operations\n\nGenerated from the registry by `cargo xtask generate`. Each operation works alike from the window,\n\
         the command line (`av-studio DOMAIN VERB`), HTTP (`POST /domain/verb`) and MCP (`domain_verb`).\n",
    );
    for (domain, operations) in domains {
        page.push_str(&format!("\n## {domain}\n"));
        for operation in operations {
            page.push_str(&section(operation));
        }
    }
    page
}

fn section(operation: &Value) -> String {
    let text = |name: &str| operation[name].as_str().unwrap_or_default();
    let traits = &operation["traits"];
    let mut notes = Vec::new();
    for (name, words) in [
        ("job", "runs as a job"),
        ("writes", "changes things"),
        ("spends", "may cost money"),
        ("approval", "needs approval"),
    ] {
        if traits[name] == true {
            notes.push(words.to_owned());
        }
    }
    if let Some(media_type) = traits["blob"].as_str() {
        notes.push(format!("answers `{media_type}`"));
    }
    let mut section = format!("\n### `{}`\n\n{}", text("name"), text("summary"));
    if !notes.is_empty() {
        section.push_str(&format!(" _({})_", notes.join(", ")));
    }
    section.push('\n');
    let schema = &operation["input_schema"];
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let fields = schema["properties"].as_object();
    if fields.is_some_and(|fields| !fields.is_empty()) {
        section.push_str("\n| field | type | meaning |\n|---|---|---|\n");
    }
    for (name, field) in fields.into_iter().flatten() {
        let mark = if required.contains(&name.as_str()) {
            " (required)"
        } else {
            ""
        };
        let kind = typescript::type_of(field, schema).replace('|', "\\|");
        let meaning = field["description"]
            .as_str()
            .unwrap_or_default()
            .replace('\n', " ");
        section.push_str(&format!(
            "| `{name}`{mark} | `{kind}` | {meaning}{} |\n",
            limits(field)
        ));
    }
    section
}

fn limits(field: &Value) -> String {
    let mut limits = String::new();
    if let (Some(low), Some(high)) = (field["minimum"].as_f64(), field["maximum"].as_f64()) {
        limits.push_str(&format!(" From {low} to {high}."));
    }
    if !field["default"].is_null() {
        limits.push_str(&format!(" Default `{}`.", field["default"]));
    }
    limits
}
