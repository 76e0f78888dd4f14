//! Edits with what only their project knows.

use std::collections::BTreeMap;

use studio_core::Error;
use studio_core::units::SampleRate;
use studio_dsp::effects::{Chain, Impulses};
use studio_edit::{Change, Edit, Session, SourceFacts};
use studio_store::Project;

use crate::document::{Documents, scaled};

impl Documents {
    /// The edits with what only the project knows: the length and the name of each new source, and
    /// whether effects can be had.
    pub(crate) fn complete(
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
                Edit::SetEffects { track, effects } => {
                    let kept = match track {
                        Some(track) => session.track(*track).map(|track| &track.effects),
                        None => Some(&session.effects),
                    };
                    // Knobs that are turned need nothing that is not there already.
                    if kept.is_some_and(|kept| kept.turns_into(effects)) {
                        continue;
                    }
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
