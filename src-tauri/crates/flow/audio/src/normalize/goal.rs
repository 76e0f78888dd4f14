//! How loud a sound is to become, and how that is looked at.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::Error;
use studio_dsp::narration;

use crate::measure::{Ear, Wishes};

/// Places that play every sound at their own loudness, and norms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Delivery {
    #[default]
    Spotify,
    AppleMusic,
    #[serde(rename = "youtube")]
    YouTube,
    AmazonMusic,
    Tidal,
    Deezer,
    Podcast,
    /// One channel sounds as loud as two at 3 LU less.
    PodcastMono,
    /// By RMS instead of loudness, as ACX asks for it; the target is in dBFS then.
    Audiobook,
    /// European broadcasts: EBU R 128.
    EbuR128,
    /// American broadcasts: ATSC A/85.
    AtscA85,
}

/// ACX takes −23 to −18 dBFS: its middle, rounded to what narrators aim for.
const AUDIOBOOK_RMS_DBFS: f64 = -20.0;

impl Delivery {
    /// Target and ceiling, as the services and norms state them: in LUFS (an audiobook's in dBFS) and dBTP.
    fn levels(self) -> (f64, f64) {
        match self {
            Delivery::Spotify | Delivery::YouTube | Delivery::Tidal => (-14.0, -1.0),
            Delivery::AmazonMusic => (-14.0, -2.0),
            Delivery::Deezer => (-15.0, -1.0),
            Delivery::AppleMusic | Delivery::Podcast => (-16.0, -1.0),
            Delivery::PodcastMono => (-19.0, -1.0),
            Delivery::Audiobook => (AUDIOBOOK_RMS_DBFS, narration::PEAK_DBFS),
            Delivery::EbuR128 => (-23.0, -1.0),
            Delivery::AtscA85 => (-24.0, -2.0),
        }
    }

    /// The goal of this delivery, with what was asked for otherwise.
    pub(crate) fn goal(self, target: Option<f64>, ceiling: Option<f64>, way: NormalizeWay) -> Goal {
        let (own, highest) = self.levels();
        Goal {
            target: target.unwrap_or(own),
            highest: ceiling.unwrap_or(highest),
            scale: match self {
                Delivery::Audiobook => Scale::Rms,
                _ => Scale::Loudness,
            },
            way,
        }
    }
}

/// How the level is brought to the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NormalizeWay {
    /// One gain for all of it: quiet passages stay quieter than loud ones.
    #[default]
    Linear,
    /// A gain that follows the loudness, by at most 12 dB up or down: for speech in a noisy place. Music loses its dynamics.
    Dynamic,
}

/// What a level is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Integrated loudness, LUFS.
    Loudness,
    /// RMS, dBFS.
    Rms,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    /// On `scale`.
    pub(crate) target: f64,
    /// Highest true peak, in dBTP.
    pub(crate) highest: f64,
    pub(crate) scale: Scale,
    pub(crate) way: NormalizeWay,
}

impl Goal {
    /// What has to be measured of the source, and of the result.
    pub(crate) fn wishes(&self) -> Wishes {
        Wishes {
            history: self.way == NormalizeWay::Dynamic,
            narration: self.scale == Scale::Rms,
        }
    }

    /// The level of a sound on the goal's scale; `None` for silence.
    pub(crate) fn level(&self, ear: &Ear) -> Result<Option<f64>, Error> {
        Ok(match self.scale {
            Scale::Loudness => ear.loudness()?.integrated_lufs,
            Scale::Rms => ear.narration().and_then(|narration| narration.rms_dbfs),
        })
    }

    /// What the target is called in the name of a result.
    pub(crate) fn unit(&self) -> &'static str {
        match self.scale {
            Scale::Loudness => "LUFS",
            Scale::Rms => "dB RMS",
        }
    }
}
