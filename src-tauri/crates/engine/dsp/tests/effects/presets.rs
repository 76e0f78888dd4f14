//! Every preset that comes with the studio.

use std::collections::BTreeSet;

use studio_core::units::SampleRate;
use studio_dsp::effects::{Chain, Impulses, Tail, preset, presets};
use studio_dsp::loudness::measure;
use studio_testkit::signal;

use crate::{RATE, audio, db, rms};

#[test]
fn all_can_be_read_and_run() {
    let speech = signal::speech_like(1, RATE, 96_000);
    let quiet: Vec<f32> = speech.iter().map(|x| x * 0.7).collect();
    let input = audio(vec![speech, quiet]);
    let mut ids = BTreeSet::new();
    for preset in presets() {
        assert!(
            ids.insert(preset.id.clone()),
            "{} is there twice",
            preset.id
        );
        let json = serde_json::to_string(&preset.chain).unwrap();
        assert_eq!(
            Chain::from_json(&json).unwrap(),
            preset.chain,
            "{}",
            preset.id
        );
        assert!(preset.summary.ends_with('.') && !preset.name.is_empty());
        let out = preset
            .chain
            .render(&input, Tail::Kept, &Impulses::new())
            .unwrap();
        let level =
            db(rms(&out.channels[0][24_000..90_000]) / rms(&input.channels[0][24_000..90_000]));
        assert!((-20.0..20.0).contains(&level), "{}: {level} dB", preset.id);
        assert!(
            out.channels.iter().flatten().all(|x| x.abs() < 4.0),
            "{}",
            preset.id
        );
    }
    assert!(ids.len() >= 12, "{}", ids.len());
}

#[test]
fn all_run_in_mono_and_at_other_rates() {
    for preset in presets() {
        for (rate, channels) in [(8000, 1), (44_100, 1), (96_000, 2)] {
            let rate = SampleRate::new(rate).unwrap();
            let processor = preset.chain.prepare(rate, channels, &Impulses::new());
            assert!(processor.is_ok(), "{} at {rate}", preset.id);
        }
    }
}

#[test]
fn masters_stay_under_their_ceiling() {
    for id in ["music-master", "loud-master", "podcast-voice"] {
        let chain = preset(id).unwrap().chain;
        let loud = signal::speech_like(3, RATE, 96_000)
            .into_iter()
            .map(|x| x * 2.0);
        let out = chain
            .render(&audio(vec![loud.collect()]), Tail::Cut, &Impulses::new())
            .unwrap();
        let peak = measure(&out).unwrap().true_peak_dbtp.unwrap();
        assert!(peak <= -0.95, "{id}: {peak} dBTP");
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    assert_eq!(preset("podcast-voice").unwrap().name, "Podcast voice");
    assert_eq!(preset("nothing"), None);
}
