//! The window: Tauri commands that translate, delegate, and translate back.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;
use studio_core::{Error, ErrorCode, Event, Job, Output};
use studio_jobs::{Reply, Studio};
use tauri::ipc::{Channel, Response};
use tauri::{DragDropEvent, Manager, State, Url, WebviewUrl, WebviewWindowBuilder, WindowEvent};

/// Without a graphics card WebKit puts the layers of a page together in an OpenGL that the processor computes: a frame of
/// the editor takes four times as long as painting what changed (`cargo xtask bench editor`). WebKit takes this from the
/// environment only; who set the variable has decided. Must be called before the first thread begins.
#[cfg(target_os = "linux")]
pub(crate) fn paint_without_layers_where_no_card_is() {
    const SWITCH: &str = "WEBKIT_DISABLE_COMPOSITING_MODE";
    let nodes = std::fs::read_dir("/dev/dri")
        .into_iter()
        .flatten()
        .flatten();
    let mut names = nodes.map(|node| node.file_name());
    let has_card = names.any(|name| name.to_string_lossy().starts_with("renderD"));
    if !has_card && std::env::var_os(SWITCH).is_none() {
        // SAFETY: there is no other thread yet that could read the environment meanwhile.
        unsafe { std::env::set_var(SWITCH, "1") }
    }
}

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
        .manage(Dropped::default())
        .invoke_handler(tauri::generate_handler![
            call,
            call_bytes,
            dropped_file,
            launch_options,
            open_outside,
            operations,
            page_ready,
            subscribe
        ])
        .on_window_event(|window, event| {
            if let WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) = event {
                window.state::<Dropped>().0.lock().clone_from(paths);
            }
        })
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

/// What was let go over the window last: the only files whose bytes the page may ask for.
#[derive(Default)]
struct Dropped(Mutex<Vec<PathBuf>>);

/// More than the largest attachment of a chat.
const LARGEST_DROP: u64 = 16_000_000;

#[tauri::command]
async fn dropped_file(dropped: State<'_, Dropped>, path: PathBuf) -> Result<Response, Error> {
    let shown = path.display().to_string();
    if !dropped.0.lock().contains(&path) {
        let message = format!("{shown} was not dropped on the window");
        return Err(Error::new(ErrorCode::Refused, message));
    }
    let read = move || {
        let fits = std::fs::metadata(&path)?.len() <= LARGEST_DROP;
        fits.then(|| std::fs::read(&path)).transpose()
    };
    match tauri::async_runtime::spawn_blocking(read).await {
        Ok(Ok(Some(bytes))) => Ok(Response::new(bytes)),
        Ok(Ok(None)) => Err(Error::bad_input(format!("{shown} is larger than 16 MB"))
            .hint("import it into a project instead")),
        Ok(Err(error)) => Err(Error::io(format!("read {shown}"), &error)),
        Err(error) => Err(Error::internal(error.to_string())),
    }
}

/// Opens a web page in the system's browser. Only the web: an address of another kind could start a program.
#[tauri::command]
fn open_outside(url: Url) -> Result<(), Error> {
    if !matches!(url.scheme(), "http" | "https") {
        let message = format!("`{}:` is no address of the web", url.scheme());
        return Err(Error::new(ErrorCode::Refused, message));
    }
    open::that_detached(url.as_str())
        .map_err(|error| Error::io("open the system's browser", &error))
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
