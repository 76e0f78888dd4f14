//! Who speaks with which voice.

use studio_film::{MoviePlan, timing};
use studio_providers::speech::{self, Speech, Voice, pick_voice};

/// The machine's voices, and one of them for each spoken line.
pub(crate) struct Cast {
    /// `None` where no voice is installed: the film has captions and no speech.
    pub(crate) provider: Option<Box<dyn Speech>>,
    /// Voice of each line; empty without a provider.
    pub(crate) voices: Vec<String>,
}

pub(crate) fn cast(plan: &MoviePlan) -> Cast {
    let provider = speech::system();
    let available = provider
        .as_ref()
        .and_then(|provider| provider.voices().ok())
        .unwrap_or_default();
    if available.is_empty() {
        return Cast {
            provider: None,
            voices: Vec::new(),
        };
    }
    let voices = timing::spoken(plan)
        .iter()
        .map(|cue| voice_of(plan, cue.character_id, &available))
        .collect();
    Cast { provider, voices }
}

/// The character's place in the cast spreads the voices of one kind.
fn voice_of(plan: &MoviePlan, character: &str, available: &[Voice]) -> String {
    let index = plan
        .characters
        .iter()
        .position(|known| known.id == character);
    let profile = index
        .map(|i| plan.characters[i].voice_profile.clone())
        .unwrap_or_default();
    pick_voice(&profile, available, index.unwrap_or(0))
        .map(|voice| voice.id.clone())
        .unwrap_or_default()
}
