//! Opens the home folder and registers every operation.

use std::sync::Arc;

use camino::Utf8PathBuf;
use directories::{ProjectDirs, UserDirs};
use studio_core::{Error, Events, SettingsFile};
use studio_gateway::Gateway;
use studio_jobs::Studio;
use studio_store::{Home, Projects};
use studio_tools::Servers;

/// What the command line says about where and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Overrides `AV_STUDIO_HOME` and the system's data folder.
    pub(crate) home: Option<Utf8PathBuf>,
    /// Settings by flag: (key, value).
    pub(crate) settings: Vec<(String, String)>,
}

/// The composed studio, and what faces need beside its operations.
pub(crate) struct Composed {
    pub(crate) studio: Arc<Studio>,
    pub(crate) home: Arc<Home>,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) projects: Arc<Projects>,
    /// Other programs' tools; their processes end when it is closed.
    pub(crate) servers: Arc<Servers>,
}

/// Opens and registers everything. Must be called within a Tokio runtime.
pub(crate) fn studio(options: &Options) -> Result<Composed, Error> {
    let home = Arc::new(Home::open(&home_folder(options)?)?);
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let settings = Arc::new(SettingsFile::load(
        home.settings_path(),
        environment,
        &options.settings,
    )?);
    let events = Events::new();
    let projects = Arc::new(Projects::new(home.clone(), projects_folder(&settings)?));
    let gateway = Gateway::new(&home, &settings, &events)?;
    let servers = Servers::new(home.path().join("mcp.json"), &events);
    let operations = [
        studio_library::operations(&projects, &settings),
        studio_audio::operations(&projects),
        studio_live::operations(&projects, &settings, &events),
        studio_session::operations(&projects, &settings, &events),
        studio_production::operations(&projects, &settings),
        studio_gateway::operations(&gateway),
        studio_tools::operations(&servers),
        studio_video::operations(&projects),
    ];
    let studio = Studio::new(
        operations.into_iter().flatten(),
        home.clone(),
        settings,
        events,
    )?;
    Ok(Composed {
        studio,
        home,
        gateway,
        projects,
        servers,
    })
}

fn home_folder(options: &Options) -> Result<Utf8PathBuf, Error> {
    if let Some(home) = &options.home {
        return Ok(home.clone());
    }
    match std::env::var("AV_STUDIO_HOME") {
        Ok(home) if !home.is_empty() => return Ok(home.into()),
        _ => {}
    }
    let folders = ProjectDirs::from("studio", "av", "av-studio");
    folders
        .and_then(|folders| Utf8PathBuf::from_path_buf(folders.data_dir().to_owned()).ok())
        .ok_or_else(|| {
            Error::bad_input("the system names no data folder")
                .hint("set AV_STUDIO_HOME to a folder")
        })
}

fn projects_folder(settings: &SettingsFile) -> Result<Utf8PathBuf, Error> {
    let chosen = &settings.current().projects.folder;
    if !chosen.is_empty() {
        return Ok(chosen.into());
    }
    let users = UserDirs::new();
    users
        .as_ref()
        .map(|users| {
            users
                .document_dir()
                .unwrap_or_else(|| users.home_dir())
                .join("AV Studio")
        })
        .and_then(|folder| Utf8PathBuf::from_path_buf(folder).ok())
        .ok_or_else(|| {
            Error::bad_input("the system names no documents folder").hint("set `projects.folder`")
        })
}
