//! The window: Tauri commands that translate, delegate, and translate back.

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use serde_json::Value;
use studio_core::{Error, ErrorCode, Event, Job, Output};
use studio_jobs::{Reply, Studio};
use tauri::ipc::{Channel, Response};
use tauri::{State, WebviewUrl, WebviewWindowBuilder};

/// Opens the window and stays until it is closed.
pub(crate) fn open(
    runtime: &tokio::runtime::Handle,
    studio: Arc<Studio>,
    project: Option<String>,
    begun: Instant,
) -> Result<(), Error> {
    check_display()?;
    tauri::async_runtime::set(runtime.clone());
    let launch = Launch { project };
    tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .manage(studio)
        .manage(launch)
        .manage(begun)
        .invoke_handler(tauri::generate_handler![
            call,
            call_bytes,
            launch_options,
            operations,
            page_ready,
            subscribe
        ])
        .setup(|app| {
            let configured = app.config().app.windows.first();
            match configured {
                Some(window) => WebviewWindowBuilder::from_config(app, window)?.build()?,
                None => WebviewWindowBuilder::new(app, "main", WebviewUrl::default()).build()?,
            };
            Ok(())
        })
        .run(tauri::generate_context!())
        .map_err(|error| Error::internal(format!("the window could not be opened: {error}")))
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Called {
    Done { output: Value },
    Job { job: Box<Job> },
}

/// How the window was started.
#[derive(Clone, Serialize)]
struct Launch {
    /// The project to show first.
    project: Option<String>,
}

#[tauri::command]
async fn call(
    studio: State<'_, Arc<Studio>>,
    operation: String,
    input: Value,
) -> Result<Called, Error> {
    Ok(match studio.call(&operation, input).await? {
        Reply::Done(output) => Called::Done {
            output: output.into_json(),
        },
        Reply::Started(job) => Called::Job { job },
    })
}

#[tauri::command]
async fn call_bytes(
    studio: State<'_, Arc<Studio>>,
    operation: String,
    input: Value,
) -> Result<Response, Error> {
    match studio.call(&operation, input).await? {
        Reply::Done(Output::Blob(blob)) => Ok(Response::new(blob.bytes)),
        _ => Err(Error::bad_input(format!(
            "{operation} does not answer bytes"
        ))),
    }
}

#[tauri::command]
fn launch_options(launch: State<'_, Launch>) -> Launch {
    launch.inner().clone()
}

/// The page has drawn itself and takes input.
#[tauri::command]
fn page_ready(begun: State<'_, Instant>) {
    let took = begun.elapsed().as_millis();
    tracing::info!("the window took {took} ms from the start to its first picture");
}

#[tauri::command]
fn operations(studio: State<'_, Arc<Studio>>) -> Value {
    serde_json::json!(studio.registry().describe())
}

/// Sends every event to the page until the page is gone.
#[tauri::command]
fn subscribe(studio: State<'_, Arc<Studio>>, channel: Channel<Event>) {
    let mut events = studio.events().subscribe();
    tauri::async_runtime::spawn(async move {
        while let Some(event) = events.next().await {
            if channel.send(event).is_err() {
                return;
            }
        }
    });
}

fn check_display() -> Result<(), Error> {
    let present = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "linux") && !present("DISPLAY") && !present("WAYLAND_DISPLAY") {
        return Err(Error::new(ErrorCode::NoDisplay, "there is no display to open a window on")
            .hint("make a film headless with `cargo xtask demo`, or use the studio in a browser with `av-studio serve`"));
    }
    Ok(())
}
