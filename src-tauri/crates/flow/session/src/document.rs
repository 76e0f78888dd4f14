//! Sessions in their projects: read from the log, changed, and shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::Utf8PathBuf;
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_core::units::SampleRate;
use studio_core::{Error, ErrorCode};
use studio_dsp::Audio;
use studio_edit::{Change, Edit, Session};
use studio_store::{NextChange, Project, Projects, SessionRow};

use crate::sound;

/// A snapshot is kept after so many changes: reading a session takes at most as many steps.
const SNAPSHOT_EVERY: u32 = 32;
/// Sessions that are kept in memory as they are.
const KEPT: usize = 8;
/// Impulse responses that are kept in memory; each is at most 30 s long.
const KEPT_IMPULSES: usize = 4;

/// Names a session.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    pub(crate) project: String,
    /// The session's id.
    #[schemars(length(min = 1))]
    pub(crate) session: String,
}

/// A session as it is now.
#[derive(Serialize, JsonSchema)]
pub(crate) struct View {
    pub(crate) id: String,
    /// 0 as it was created.
    pub(crate) revision: u32,
    can_undo: bool,
    can_redo: bool,
    /// What undoing takes back.
    undo: Option<String>,
    /// What redoing makes again.
    redo: Option<String>,
    /// RFC 3339, UTC.
    updated_at: String,
    session: Session,
    /// Sources that cannot be read, and why: their clips are silent, and as impulse responses they are left out.
    missing: BTreeMap<String, String>,
}

/// Every project's sessions.
pub(crate) struct Documents {
    projects: Arc<Projects>,
    /// Sessions by id, at a revision; the one used last is at the end.
    kept: Mutex<Vec<(String, u32, Arc<Session>)>>,
    /// Impulse responses by their files, the one used last at the end.
    impulses: Mutex<Vec<(Utf8PathBuf, Arc<Audio>)>>,
}

impl Documents {
    pub(crate) fn new(projects: &Arc<Projects>) -> Documents {
        Documents {
            projects: projects.clone(),
            kept: Mutex::default(),
            impulses: Mutex::default(),
        }
    }

    pub(crate) fn projects(&self) -> &Arc<Projects> {
        &self.projects
    }

    pub(crate) fn project(&self, name: &str) -> Result<Arc<Project>, Error> {
        Ok(self.projects.get(name)?)
    }

    pub(crate) fn create(
        &self,
        project: &Project,
        name: &str,
        rate: SampleRate,
        assets: &[String],
    ) -> Result<View, Error> {
        let empty = Session::new(name, rate);
        let mut session = apply(
            &empty,
            &Change {
                edits: vec![Edit::Rename {
                    name: name.to_owned(),
                }],
                ..Change::default()
            },
        )?;
        for asset in assets {
            let found = project.assets().get(asset)?;
            let add = Edit::AddTrack {
                name: Some(found.facts.name.chars().take(200).collect()),
                index: None,
            };
            session = apply(&session, &change(vec![add]))?;
            let Some(track) = session.tracks.last().map(|track| track.id) else {
                return Err(Error::internal("a track that was added is not there"));
            };
            let clip = studio_edit::NewClip::whole(track, asset);
            let edits = vec![Edit::AddClips { clips: vec![clip] }];
            session = apply(&session, &self.complete(project, &session, edits)?)?;
        }
        let row = project.sessions().insert(&session.name, &json!(session))?;
        self.view(project, row, Arc::new(session))
    }

    pub(crate) fn load(
        &self,
        project: &Project,
        id: &str,
    ) -> Result<(SessionRow, Arc<Session>), Error> {
        let row = project.sessions().get(id)?;
        let session = self.at(project, id, row.revision)?;
        Ok((row, session))
    }

    /// The session as it is now; with `revision`, only if that is the present one.
    fn load_at(
        &self,
        project: &Project,
        id: &str,
        revision: Option<u32>,
    ) -> Result<(SessionRow, Arc<Session>), Error> {
        let (row, session) = self.load(project, id)?;
        match revision {
            Some(meant) if meant != row.revision => Err(moved_on(&row.name, row.revision, meant)),
            _ => Ok((row, session)),
        }
    }

    /// The session at a revision that undo and redo reach.
    fn at(&self, project: &Project, id: &str, revision: u32) -> Result<Arc<Session>, Error> {
        let mut kept = self.kept.lock();
        let found = kept
            .iter()
            .position(|(kept, at, _)| kept == id && *at == revision);
        if let Some(at) = found {
            let entry = kept.remove(at);
            let session = entry.2.clone();
            kept.push(entry);
            return Ok(session);
        }
        drop(kept);
        let log = project.sessions().log(id, revision)?;
        let broken = |error: serde_json::Error| {
            let message = format!("the session `{id}` cannot be read: {error}");
            Error::new(ErrorCode::Io, message)
        };
        let mut session: Session = serde_json::from_value(log.snapshot).map_err(broken)?;
        for change in log.changes {
            let change: Change = serde_json::from_value(change).map_err(broken)?;
            session = apply(&session, &change)?;
        }
        let session = Arc::new(session);
        self.keep(id, revision, &session);
        Ok(session)
    }

    fn keep(&self, id: &str, revision: u32, session: &Arc<Session>) {
        let mut kept = self.kept.lock();
        kept.retain(|(kept, _, _)| kept != id);
        kept.push((id.to_owned(), revision, session.clone()));
        if kept.len() > KEPT {
            kept.remove(0);
        }
    }

    /// Makes a change of the session the next one; with `revision`, only if that is still the present one.
    pub(crate) fn edit(
        &self,
        project: &Project,
        id: &str,
        edits: Vec<Edit>,
        revision: Option<u32>,
    ) -> Result<(SessionRow, Arc<Session>), Error> {
        let (row, before) = self.load_at(project, id, revision)?;
        let change = self.complete(project, &before, edits)?;
        let after = Arc::new(apply(&before, &change)?);
        let snapshot = (row.revision + 1)
            .is_multiple_of(SNAPSHOT_EVERY)
            .then(|| json!(*after));
        let row = project.sessions().append(
            id,
            &NextChange {
                on: row.revision,
                title: change.title(),
                change: &json!(change),
                snapshot: snapshot.as_ref(),
                name: &after.name,
            },
        )?;
        self.keep(id, row.revision, &after);
        Ok((row, after))
    }

    /// The session as edits would make it, of sounds that it has already. Nothing is kept.
    pub(crate) fn foresee(
        &self,
        project: &Project,
        id: &str,
        edits: Vec<Edit>,
        revision: Option<u32>,
    ) -> Result<(SessionRow, Arc<Session>), Error> {
        let (row, session) = self.load_at(project, id, revision)?;
        if edits.is_empty() {
            return Ok((row, session));
        }
        let change = self.complete(project, &session, edits)?;
        if !change.sources.is_empty() {
            let message = format!(
                "a sound that is not in `{}` yet would not be heard",
                row.name
            );
            return Err(Error::bad_input(message)
                .field("/edits")
                .hint("add it to the session first: `session.edit`"));
        }
        let session = apply(&session, &change)?;
        Ok((row, Arc::new(session)))
    }

    /// Goes a step back or forward, where there is one.
    pub(crate) fn step(
        &self,
        project: &Project,
        id: &str,
        forward: bool,
    ) -> Result<(SessionRow, Arc<Session>), Error> {
        let (row, now) = self.load(project, id)?;
        let to = match forward {
            true if row.redo.is_some() => row.revision + 1,
            false if row.undo.is_some() => row.revision - 1,
            _ => return Ok((row, now)),
        };
        let session = self.at(project, id, to)?;
        let row = project.sessions().go(id, row.revision, to, &session.name)?;
        Ok((row, session))
    }

    pub(crate) fn view(
        &self,
        project: &Project,
        row: SessionRow,
        session: Arc<Session>,
    ) -> Result<View, Error> {
        let clips = session.clips().map(|(_, clip)| clip.source.as_str());
        let used: BTreeSet<&str> = clips.chain(sound::impulses(&session)).collect();
        let missing = used.into_iter().filter_map(|source| {
            let found = self.source(project, source);
            Some((source.to_owned(), found.err()?.message))
        });
        Ok(View {
            can_undo: row.undo.is_some(),
            can_redo: row.redo.is_some(),
            missing: missing.collect(),
            id: row.id,
            revision: row.revision,
            undo: row.undo,
            redo: row.redo,
            updated_at: row.updated_at,
            session: Arc::unwrap_or_clone(session),
        })
    }

    /// The file of a source.
    pub(crate) fn source(
        &self,
        project: &Project,
        id: &str,
    ) -> Result<studio_assets::Source, Error> {
        let folder = project.path().as_str();
        studio_assets::source(&self.projects, None, Some(folder), Some(id))
    }

    /// The impulse response that is an asset.
    pub(crate) fn impulse(&self, project: &Project, id: &str) -> Result<Arc<Audio>, Error> {
        let source = self.source(project, id)?;
        let mut kept = self.impulses.lock();
        let found = kept.iter().position(|(path, _)| *path == source.path);
        if let Some(at) = found {
            let entry = kept.remove(at);
            kept.push(entry);
        } else {
            let response = studio_assets::impulse_response(&source.path)?;
            kept.push((source.path, Arc::new(response)));
            if kept.len() > KEPT_IMPULSES {
                kept.remove(0);
            }
        }
        let newest = kept.last().map(|(_, response)| response.clone());
        newest.ok_or_else(|| Error::internal("an impulse response that was read is not there"))
    }
}

/// Samples at another rate, as [`studio_dsp::Resampler`] counts them.
pub(crate) fn scaled(frames: u64, from: SampleRate, to: SampleRate) -> u64 {
    let (from, to) = (u128::from(from.get()), u128::from(to.get()));
    ((u128::from(frames) * to + from / 2) / from) as u64
}

/// The session of this name is not at the revision that was meant.
pub(crate) fn moved_on(name: &str, now: u32, meant: u32) -> Error {
    let message = format!("`{name}` is at revision {now} now, not at {meant} any more");
    Error::new(ErrorCode::Conflict, message)
        .field("/revision")
        .hint("look at it as it is now, then do it again")
}

fn change(edits: Vec<Edit>) -> Change {
    Change {
        edits,
        ..Change::default()
    }
}

fn apply(session: &Session, change: &Change) -> Result<Session, Error> {
    session
        .apply(change)
        .map_err(|error| Error::bad_input(error.to_string()).field("/edits"))
}
