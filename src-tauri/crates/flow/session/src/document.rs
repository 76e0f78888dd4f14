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
use studio_dsp::effects::{Chain, Impulses};
use studio_edit::{Change, Edit, Session, SourceFacts};
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
        let (row, before) = self.load(project, id)?;
        let on = revision.unwrap_or(row.revision);
        if on != row.revision {
            let message = format!(
                "`{}` is at revision {} now, not at {on} any more",
                row.name, row.revision
            );
            return Err(Error::new(ErrorCode::Conflict, message)
                .field("/revision")
                .hint("look at it as it is now, then do it again"));
        }
        let change = self.complete(project, &before, edits)?;
        let after = Arc::new(apply(&before, &change)?);
        let snapshot = (on + 1)
            .is_multiple_of(SNAPSHOT_EVERY)
            .then(|| json!(*after));
        let row = project.sessions().append(
            id,
            &NextChange {
                on,
                title: change.title(),
                change: &json!(change),
                snapshot: snapshot.as_ref(),
                name: &after.name,
            },
        )?;
        self.keep(id, row.revision, &after);
        Ok((row, after))
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

    /// The edits with what only the project knows: the length and the name of each new source, and
    /// whether effects can be had.
    fn complete(
        &self,
        project: &Project,
        session: &Session,
        mut edits: Vec<Edit>,
    ) -> Result<Change, Error> {
        if edits.is_empty() {
            return Err(Error::bad_input("no edit to make").field("/edits"));
        }
        let mut sources = BTreeMap::new();
        for (index, edit) in edits.iter_mut().enumerate() {
            match edit {
                Edit::AddClips { clips } => {
                    for clip in clips {
                        let asset = project.assets().get(&clip.source).map_err(|error| {
                            Error::from(error).field(format!("/edits/{index}/clips"))
                        })?;
                        let name = asset.facts.name.chars().take(200).collect();
                        clip.name.get_or_insert(name);
                        if session.sources.contains_key(&clip.source) {
                            continue;
                        }
                        let Some(audio) = &asset.facts.audio else {
                            let message = format!("`{}` has no sound", asset.facts.name);
                            return Err(
                                Error::bad_input(message).field(format!("/edits/{index}/clips"))
                            );
                        };
                        let frames = SampleRate::new(audio.sample_rate)
                            .map_or(0, |rate| scaled(audio.frames, rate, session.rate));
                        let channels = audio.channels;
                        sources.insert(clip.source.clone(), SourceFacts { frames, channels });
                    }
                }
                Edit::SetEffects { effects, .. } => {
                    let field = format!("/edits/{index}/effects");
                    let impulses = self.impulses(project, effects);
                    let ready = impulses.and_then(|impulses| {
                        let ready = effects.prepare(session.rate, 2, &impulses);
                        ready.map_err(|error| Error::bad_input(error.to_string()))
                    });
                    ready.map_err(|error| error.field(field))?;
                }
                _ => {}
            }
        }
        Ok(Change { sources, edits })
    }

    /// The impulse responses that a chain names.
    fn impulses(&self, project: &Project, chain: &Chain) -> Result<Impulses, Error> {
        let read = |name: &str| {
            let response = self.impulse(project, name).map_err(|error| {
                let message = format!(
                    "the impulse response `{name}` cannot be used: {}",
                    error.message
                );
                Error { message, ..error }.hint("name a room of the studio's, or an asset by id")
            })?;
            Ok((name.to_owned(), (*response).clone()))
        };
        chain.impulses().map(read).collect()
    }
}

/// Samples at another rate, as [`studio_dsp::Resampler`] counts them.
pub(crate) fn scaled(frames: u64, from: SampleRate, to: SampleRate) -> u64 {
    let (from, to) = (u128::from(from.get()), u128::from(to.get()));
    ((u128::from(frames) * to + from / 2) / from) as u64
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
