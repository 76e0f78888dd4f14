//! The command line: `ops`, `run`, `serve`, `mcp`, and `DOMAIN VERB` for every operation.
//!
//! Standard output carries the answer alone; progress and logs go to standard error. Exit codes: 0
//! done, 1 failed, 2 bad input, 3 refused, 130 cancelled.

// This is the one place whose business is printing.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod arguments;
mod serve;

use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};
use studio_core::{Error, ErrorCode, Output};
use studio_jobs::Studio;
use studio_server::Approvals;

use crate::compose::{self, Composed, Options};
use crate::{progress, render};

/// How long work that was begun may take after the end.
const LAST_WORK: Duration = Duration::from_secs(10);

pub(crate) fn main() -> ExitCode {
    let begun = Instant::now();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Error::io("start the runtime", &error), false),
    };
    let guard = runtime.enter();
    let early = arguments::globals(std::env::args().skip(1));
    log_to_stderr(early.get_count("verbose"));
    let json_wanted = early.get_flag("json");
    let composed = options(&early).and_then(|options| compose::studio(&options));
    let composed = match composed {
        Ok(composed) => composed,
        Err(error) => return fail(&error, json_wanted),
    };
    drop(guard);
    let matches = arguments::command(composed.studio.registry()).get_matches();
    let result = match matches.subcommand() {
        None => open_window(&runtime, composed.studio.clone(), &matches, begun),
        Some((name, matches)) => runtime.block_on(async {
            let result = dispatch(name, matches, &composed).await;
            composed.servers.close().await;
            result
        }),
    };
    let gateway = composed.gateway.clone();
    drop(composed);
    // A job that does not look whether it was cancelled must not keep the process: it is found
    // interrupted later, and can be resumed.
    runtime.shutdown_timeout(LAST_WORK);
    // Whatever still holds the gateway, money that was spent is in the ledger before the end.
    gateway.flush();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, json_wanted),
    }
}

async fn dispatch(name: &str, matches: &ArgMatches, composed: &Composed) -> Result<(), Error> {
    let studio = &composed.studio;
    match name {
        "ops" => list_operations(studio, matches.get_flag("json")),
        "schemas" => write_stdout(format!("{}\n", studio_gateway::list_schemas()).as_bytes()),
        "run" => {
            let operation = arguments::text(matches, "name").unwrap_or_default();
            let input = read_input(&arguments::text(matches, "input").unwrap_or_default())?;
            run(studio, &operation, input, matches).await
        }
        "serve" => serve::serve(composed, matches).await,
        "mcp" if matches.subcommand().is_none() => {
            let approvals = approvals(studio, matches)?;
            studio_server::serve_stdio(studio.clone(), composed.projects.clone(), approvals).await
        }
        domain => {
            let Some((verb, matches)) = matches.subcommand() else {
                return Err(Error::bad_input(format!(
                    "`av-studio {domain}` wants a verb; see --help"
                )));
            };
            let operation = studio
                .registry()
                .get(&format!("{domain}.{}", verb.replace('-', "_")))?;
            let input = arguments::input(operation, matches)?;
            run(studio, operation.name, input, matches).await
        }
    }
}

async fn run(
    studio: &Arc<Studio>,
    name: &str,
    input: Value,
    matches: &ArgMatches,
) -> Result<(), Error> {
    let events = studio.events().subscribe();
    let mut shown = None;
    let call = studio.call_to_end(name, input, |job| {
        shown = Some(tokio::spawn(progress::show(events, job.id.clone())));
    });
    let output = tokio::select! {
        output = call => output,
        () = interrupted(studio) => Err(Error::cancelled()),
    };
    if let Some(shown) = shown {
        // The job is over: so is its display, but for the last event.
        let _ = tokio::time::timeout(std::time::Duration::from_millis(200), shown).await;
    }
    match output? {
        Output::Json(answer) => print(Output::Json(stay(studio, answer).await?), matches),
        blob => print(blob, matches),
    }
}

/// A job that the answer started (`job.resume`) runs in this process: stays until it is over, and
/// answers how it ended.
async fn stay(studio: &Arc<Studio>, answer: Value) -> Result<Value, Error> {
    let Some(id) = answer["id"]
        .as_str()
        .filter(|id| studio.jobs().runs_here(id))
    else {
        return Ok(answer);
    };
    let shown = tokio::spawn(progress::show(studio.events().subscribe(), id.to_owned()));
    let job = tokio::select! {
        job = studio.jobs().wait(id) => job?,
        () = interrupted(studio) => return Err(Error::cancelled()),
    };
    shown.abort();
    match job.error {
        Some(error) => Err(error),
        None => Ok(json!(job)),
    }
}

/// Completes when the user pressed Ctrl-C and the jobs of this process have stopped, or when the
/// user pressed it again.
async fn interrupted(studio: &Arc<Studio>) {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without the signal there is nothing to wait for.
        return std::future::pending().await;
    }
    eprintln!("stopping; press Ctrl-C again to leave at once");
    tokio::select! {
        () = studio.jobs().cancel_all() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

fn print(output: Output, matches: &ArgMatches) -> Result<(), Error> {
    let save = arguments::text(matches, "save").map(Utf8PathBuf::from);
    match (output, save) {
        (Output::Json(value), None) if matches.get_flag("json") => {
            write_stdout(format!("{value}\n").as_bytes())
        }
        (Output::Json(value), None) => write_stdout(render::text(&value).as_bytes()),
        (Output::Json(value), Some(path)) => save_bytes(&path, format!("{value}\n").as_bytes()),
        (Output::Blob(blob), Some(path)) => save_bytes(&path, &blob.bytes),
        (Output::Blob(blob), None) if std::io::stdout().is_terminal() => {
            let message = format!(
                "the answer is {} bytes of {}",
                blob.bytes.len(),
                blob.media_type
            );
            Err(Error::bad_input(message).hint("name a file with --save, or redirect the output"))
        }
        (Output::Blob(blob), None) => write_stdout(&blob.bytes),
    }
}

fn save_bytes(path: &Utf8Path, bytes: &[u8]) -> Result<(), Error> {
    studio_store::write_atomic(path, bytes)?;
    Ok(())
}

fn write_stdout(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        // Whoever read us has enough, such as `head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|error| Error::io("write to standard output", &error)),
    }
}

fn list_operations(studio: &Studio, as_json: bool) -> Result<(), Error> {
    if as_json {
        return write_stdout(format!("{}\n", json!(studio.registry().describe())).as_bytes());
    }
    let width = studio
        .registry()
        .iter()
        .map(|operation| operation.name.len())
        .max()
        .unwrap_or(0);
    let lines: String = studio
        .registry()
        .iter()
        .map(|operation| format!("{:width$}  {}\n", operation.name, operation.summary))
        .collect();
    write_stdout(lines.as_bytes())
}

/// What MCP clients may have run without asking: only whoever starts the server can say so.
fn approvals(studio: &Studio, matches: &ArgMatches) -> Result<Approvals, Error> {
    let words = matches.get_many::<String>("approve").unwrap_or_default();
    Approvals::new(words.map(String::as_str), studio.registry())
}

#[cfg(feature = "window")]
fn open_window(
    runtime: &tokio::runtime::Runtime,
    studio: Arc<Studio>,
    matches: &ArgMatches,
    begun: Instant,
) -> Result<(), Error> {
    let project = arguments::text(matches, "project");
    crate::window::open(runtime.handle(), studio, project, begun)
}

#[cfg(not(feature = "window"))]
fn open_window(
    _runtime: &tokio::runtime::Runtime,
    _studio: Arc<Studio>,
    _matches: &ArgMatches,
    _begun: Instant,
) -> Result<(), Error> {
    Err(
        Error::new(ErrorCode::Unsupported, "this build has no window")
            .hint("use `av-studio serve` and a browser, or see `av-studio --help`"),
    )
}

/// `-` is standard input, `@FILE` a file, everything else JSON itself.
fn read_input(text: &str) -> Result<Value, Error> {
    let content = match text.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path).map_err(|error| Error {
            code: ErrorCode::BadInput,
            ..Error::io(format!("read {path}"), &error)
        })?,
        None if text == "-" => {
            let mut content = String::new();
            std::io::stdin()
                .read_to_string(&mut content)
                .map_err(|error| Error::io("read standard input", &error))?;
            content
        }
        None => text.to_owned(),
    };
    serde_json::from_str(&content)
        .map_err(|error| Error::bad_input(format!("the input is not valid JSON: {error}")))
}

fn options(matches: &ArgMatches) -> Result<Options, Error> {
    let settings = matches.get_many::<String>("set").unwrap_or_default();
    let settings = settings.map(|pair| {
        pair.split_once('=')
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .ok_or_else(|| {
                Error::bad_input(format!(
                    "--set {pair}: wants KEY=VALUE, such as server.port=4750"
                ))
            })
    });
    Ok(Options {
        home: arguments::text(matches, "home").map(Utf8PathBuf::from),
        settings: settings.collect::<Result<_, _>>()?,
    })
}

fn log_to_stderr(verbosity: u8) {
    let level = ["warn", "info", "debug", "trace"][usize::from(verbosity).min(3)];
    let filter = tracing_subscriber::EnvFilter::try_from_env("AV_STUDIO_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

fn fail(error: &Error, as_json: bool) -> ExitCode {
    if as_json {
        println!("{}", json!({ "error": error }));
    }
    eprintln!("av-studio: {}", error.message);
    if let Some(hint) = &error.hint {
        eprintln!("  {hint}");
    }
    ExitCode::from(match error.code {
        ErrorCode::BadInput | ErrorCode::NotFound => 2,
        ErrorCode::Refused => 3,
        ErrorCode::Cancelled => 130,
        _ => 1,
    })
}

/// Flags that every command takes.
fn global(command: Command) -> Command {
    command
        .arg(
            Arg::new("json")
                .long("json")
                .global(true)
                .action(ArgAction::SetTrue)
                .help("Print one JSON document"),
        )
        .arg(
            Arg::new("home")
                .long("home")
                .global(true)
                .value_name("FOLDER")
                .help("Where settings, jobs and costs are kept [env: AV_STUDIO_HOME]"),
        )
        .arg(
            Arg::new("set")
                .long("set")
                .global(true)
                .value_name("KEY=VALUE")
                .action(ArgAction::Append)
                .help("Override a setting for this run"),
        )
        .arg(
            Arg::new("verbose")
                .long("verbose")
                .short('v')
                .global(true)
                .action(ArgAction::Count)
                .help("Log more to standard error; repeat for even more"),
        )
}
