//! The argument parser, made from the registry, and arguments turned back into JSON inputs.

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value};
use studio_core::{Error, Operation, Registry};

/// The flags that matter before the studio is open, wherever they stand. The parser proper is made
/// from the registry, which is not there yet; it refuses later what is wrong here.
pub(crate) fn globals(arguments: impl Iterator<Item = String>) -> ArgMatches {
    let takes_value = |flag: &str| matches!(flag, "--home" | "--set");
    let mut kept = vec!["av-studio".to_owned()];
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        let flag = argument.split('=').next().unwrap_or_default();
        let verbose = argument
            .strip_prefix('-')
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|letter| letter == 'v'));
        if takes_value(flag) {
            let apart = argument == flag;
            kept.push(argument);
            kept.extend(arguments.next_if(|_| apart));
        } else if verbose || matches!(flag, "--json" | "--verbose") {
            kept.push(argument);
        }
    }
    super::global(Command::new("av-studio"))
        .ignore_errors(true)
        .get_matches_from(kept)
}

/// The whole command line.
pub(crate) fn command(registry: &Registry) -> Command {
    let mut command = super::global(Command::new("av-studio"))
        .version(env!("CARGO_PKG_VERSION"))
        .about("A studio for sound and moving pictures. Without a command it opens the window.")
        .args_conflicts_with_subcommands(false)
        .arg(
            Arg::new("project")
                .long("project")
                .value_name("FOLDER")
                .help("Open the window in this project"),
        )
        .subcommand(Command::new("ops").about("List every operation"))
        .subcommand(
            Command::new("schemas")
                .about("Print the JSON Schemas of models.yaml and pricing.yaml, for an editor"),
        )
        .subcommand(
            Command::new("run")
                .about("Run an operation by its name")
                .arg(
                    Arg::new("name")
                        .required(true)
                        .value_name("NAME")
                        .help("Such as audio.loudness"),
                )
                .arg(
                    Arg::new("input")
                        .long("input")
                        .value_name("JSON|@FILE|-")
                        .default_value("{}")
                        .allow_hyphen_values(true)
                        .help("The operation's input"),
                )
                .arg(save()),
        )
        .subcommand(
            Command::new("serve")
                .about("Serve the page, the API and MCP")
                .args(super::serve::arguments())
                .arg(approve()),
        )
        .subcommand(
            Command::new("mcp")
                .about("Speak the Model Context Protocol on standard input and output")
                .arg(approve()),
        );
    let mut domains: Vec<&str> = registry.iter().map(Operation::domain).collect();
    domains.dedup();
    for domain in domains {
        let verbs = registry
            .iter()
            .filter(|operation| operation.domain() == domain)
            .map(verb);
        // Alone it serves, with a verb it is about other servers.
        if domain == "mcp" {
            command = command.mut_subcommand("mcp", |mcp| mcp.subcommands(verbs));
            continue;
        }
        command = command.subcommand(
            Command::new(domain)
                .about(format!("Operations on {domain}"))
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommands(verbs),
        );
    }
    command
}

/// The JSON input that the arguments of `DOMAIN VERB` describe.
pub(crate) fn input(operation: &Operation, matches: &ArgMatches) -> Result<Value, Error> {
    let mut input = Map::new();
    for (field, schema) in fields(operation) {
        if let Some(given) = text(matches, field) {
            input.insert(field.clone(), value(field, schema, &given)?);
        }
    }
    Ok(Value::Object(input))
}

/// The value of a text argument, if it was given or has a default.
pub(crate) fn text(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.try_get_one::<String>(name).ok().flatten().cloned()
}

fn verb(operation: &Operation) -> Command {
    let mut command = Command::new(operation.verb().replace('_', "-"))
        .about(operation.summary)
        .arg(save());
    for (field, schema) in fields(operation) {
        let mut arg = Arg::new(field.clone())
            .value_name(placeholder(schema))
            .help(help(schema))
            .allow_hyphen_values(true);
        if operation.positional == Some(field.as_str()) {
            arg = arg.index(1).value_name(field.to_uppercase());
        } else {
            arg = arg.long(field.replace('_', "-"));
        }
        if kinds(schema).contains(&"boolean") {
            arg = arg
                .num_args(0..=1)
                .default_missing_value("true")
                .require_equals(true);
        }
        command = command.arg(arg.action(ArgAction::Set));
    }
    command
}

fn approve() -> Arg {
    Arg::new("approve")
        .long("approve")
        .value_name("WHAT")
        .value_delimiter(',')
        .action(ArgAction::Append)
        .help("Let MCP clients run these without asking: destructive, spending, all, or operations by name")
}

fn save() -> Arg {
    Arg::new("save")
        .long("save")
        .value_name("FILE")
        .help("Write the answer to a file")
}

fn fields(operation: &Operation) -> impl Iterator<Item = (&String, &Value)> {
    operation.input_schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
}

/// The JSON types that a field takes, without null.
fn kinds(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .filter(|kind| *kind != "null")
            .collect(),
        _ => Vec::new(),
    }
}

/// Numbers, lists and objects are read as JSON; text stays text. The schema check comes later and
/// tells best what is wrong, so text that does not parse as a number goes through as it is.
fn value(field: &str, schema: &Value, given: &str) -> Result<Value, Error> {
    let kinds = kinds(schema);
    let structured = kinds.iter().any(|kind| matches!(*kind, "object" | "array"));
    if structured || given.starts_with('@') && kinds.is_empty() {
        return super::read_input(given).map_err(|error| error.field(format!("/{field}")));
    }
    if kinds.contains(&"string") || kinds.is_empty() && !given.starts_with(['{', '[']) {
        return Ok(Value::String(given.to_owned()));
    }
    Ok(serde_json::from_str(given).unwrap_or_else(|_| Value::String(given.to_owned())))
}

fn placeholder(schema: &Value) -> String {
    match kinds(schema).first() {
        Some(&"integer" | &"number") => "NUMBER".to_owned(),
        Some(&"boolean") => "true|false".to_owned(),
        Some(&"string") => "TEXT".to_owned(),
        Some(&"object" | &"array") => "JSON|@FILE".to_owned(),
        _ => "VALUE".to_owned(),
    }
}

fn help(schema: &Value) -> String {
    let mut help = schema["description"]
        .as_str()
        .unwrap_or_default()
        .replace('\n', " ");
    if let Some(choices) = schema["enum"].as_array() {
        let choices: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
        help.push_str(&format!(" [{}]", choices.join(", ")));
    }
    if let (Some(low), Some(high)) = (schema["minimum"].as_f64(), schema["maximum"].as_f64()) {
        help.push_str(&format!(" [{low} to {high}]"));
    }
    match &schema["default"] {
        Value::Null => {}
        Value::String(default) => help.push_str(&format!(" [default: {default}]")),
        default => help.push_str(&format!(" [default: {default}]")),
    }
    help.trim().to_owned()
}
