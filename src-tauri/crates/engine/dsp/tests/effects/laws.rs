//! Laws that hold for every effect, as it usually is and with any settings.

use proptest::prelude::*;
use serde_json::{Value, json};
use studio_core::units::SampleRate;
use studio_dsp::effects::{Chain, EffectSettings, Impulses, Slot, Tail};
use studio_testkit::{heap_calls, signal};

use crate::{audio, blocks, noise, render};

/// Every effect as it usually is, and again with each of its other choices.
fn every() -> Vec<EffectSettings> {
    const CHOICES: &[&str] = &[
        r#"{"gain":{"polarity":"inverted"}}"#,
        r#"{"equalizer":{"bands":[{"shape":"low_shelf"},{"shape":"high_shelf"},{"shape":"notch"}]}}"#,
        r#"{"equalizer":{"bands":[{"shape":"low_pass"},{"shape":"band_pass"}]}}"#,
        r#"{"equalizer":{"bands":[{"shape":"high_pass"}]}}"#,
        r#"{"pass_filter":{"pass":"low","order":1,"frequency_hz":2000}}"#,
        r#"{"pass_filter":{"pass":"low","order":16,"frequency_hz":2000}}"#,
        r#"{"ladder":{"mode":"low_pass12"}}"#,
        r#"{"ladder":{"mode":"band_pass12"}}"#,
        r#"{"ladder":{"mode":"band_pass24"}}"#,
        r#"{"ladder":{"mode":"high_pass12"}}"#,
        r#"{"ladder":{"mode":"high_pass24"}}"#,
        r#"{"compressor":{"detector":"rms","make_up":"auto","lookahead_ms":5,"side_chain_high_pass_hz":200}}"#,
        r#"{"delay":{"routing":"ping_pong"}}"#,
        r#"{"phaser":{"stages":2}}"#,
        r#"{"phaser":{"stages":12}}"#,
        r#"{"saturation":{"bend":"cubic","oversampling":"off"}}"#,
        r#"{"saturation":{"bend":"hard","oversampling":"twice"}}"#,
        r#"{"saturation":{"bend":"fold"}}"#,
        r#"{"bit_crusher":{"rate_hz":7000}}"#,
        r#"{"convolution":{"impulse":"plate"}}"#,
        r#"{"noise_reduction":{"profile":{"step_hz":100,"levels_db":[-60,-70]}}}"#,
        r#"{"de_hum":{"harmonics":32}}"#,
        r#"{"pitch_shift":{"semitones":-7}}"#,
    ];
    let choices = CHOICES
        .iter()
        .map(|json| serde_json::from_str(json).unwrap());
    EffectSettings::all().into_iter().chain(choices).collect()
}

fn of(effect: EffectSettings) -> Chain {
    Chain {
        effects: vec![Slot::new(effect)],
    }
}

/// The effect with its free and fixed numbers at these places of their ranges, 0..=1.
fn placed(effect: &EffectSettings, places: &[f64]) -> EffectSettings {
    let mut json = serde_json::to_value(effect).unwrap();
    let own = &mut json[effect.name()];
    for (parameter, place) in effect.parameters().iter().zip(places.iter().cycle()) {
        if parameter.name == "wet" {
            continue;
        }
        // Where the range is positive, small values matter as much as large ones.
        let value = match parameter.min > 0.0 {
            true => parameter.min * (parameter.max / parameter.min).powf(*place),
            false => parameter.min + (parameter.max - parameter.min) * place,
        };
        let value = value.clamp(parameter.min, parameter.max);
        *at(own, &parameter.name) = json!(value);
    }
    serde_json::from_value(json).unwrap()
}

/// The field of a name such as `bands[0].q`.
fn at<'a>(json: &'a mut Value, name: &str) -> &'a mut Value {
    let pointer = name.replace(['[', '.'], "/").replace(']', "");
    json.pointer_mut(&format!("/{pointer}")).unwrap()
}

#[test]
fn blocks_of_any_size_give_the_same_samples() {
    let input = noise(0.5, 20_000);
    for effect in every() {
        let name = effect.name();
        let chain = of(effect);
        let whole = blocks(&chain, &input, 4096, 24_000);
        assert!(whole[0].iter().any(|x| *x != 0.0), "{name} is silent");
        for block in [1, 32, 441, 24_000] {
            let parted = blocks(&chain, &input, block, 24_000);
            assert!(parted == whole, "{name} in blocks of {block}");
        }
    }
}

#[test]
fn nothing_is_allocated_while_a_chain_works() {
    for effect in every() {
        let name = effect.name();
        let rate = SampleRate::HZ_48000;
        let mut processor = of(effect).prepare(rate, 2, &Impulses::new()).unwrap();
        let wet = processor.knob(0, "wet").unwrap();
        let mut sound = noise(0.9, 48_000).channels;
        let [left, right] = &mut sound[..] else {
            unreachable!()
        };
        // The network's library plans its transforms at the first frame of each thread.
        processor.process(&mut [&mut left[..2000], &mut right[..2000]]);
        let calls = heap_calls(|| {
            for (left, right) in left.chunks_mut(500).zip(right.chunks_mut(500)) {
                processor.process(&mut [left, right]);
            }
            processor.turn(wet, 0.5);
            processor.process(&mut [&mut left[..9000], &mut right[..9000]]);
        });
        assert_eq!(calls, 0, "{name}");
    }
}

#[test]
fn a_reset_chain_is_as_new() {
    let input = noise(0.5, 10_000);
    for effect in every() {
        let name = effect.name();
        let rate = SampleRate::HZ_48000;
        let mut processor = of(effect).prepare(rate, 2, &Impulses::new()).unwrap();
        let mut run = || {
            let mut sound = input.channels.clone();
            let mut parts: Vec<&mut [f32]> = sound.iter_mut().map(Vec::as_mut_slice).collect();
            processor.process(&mut parts);
            processor.reset();
            sound
        };
        assert!(run() == run(), "{name}");
    }
}

#[test]
fn a_rendering_is_as_long_as_the_sound_and_its_tail() {
    let input = noise(0.5, 5000);
    for effect in every() {
        let name = effect.name();
        let chain = of(effect);
        let processor = chain.prepare(input.rate, 2, &Impulses::new()).unwrap();
        let cut = chain.render(&input, Tail::Cut, &Impulses::new()).unwrap();
        assert_eq!(cut.frames(), 5000, "{name}");
        let kept = chain.render(&input, Tail::Kept, &Impulses::new()).unwrap();
        assert_eq!(kept.frames() as u64, 5000 + processor.tail(), "{name}");
    }
}

#[test]
fn nothing_loud_comes_after_the_tail() {
    let mut settings = every();
    for effect in [
        r#"{"equalizer":{"bands":[{"frequency_hz":100,"gain_db":20,"q":20}]}}"#,
        r#"{"ladder":{"resonance":0.9,"cutoff_hz":200}}"#,
        r#"{"phaser":{"feedback":0.9,"centre_hz":100}}"#,
        r#"{"chorus":{"feedback":-0.9}}"#,
        r#"{"saturation":{"bias":0.5}}"#,
        r#"{"reverb":{"decay_secs":0.4,"size":3}}"#,
    ] {
        settings.push(serde_json::from_str(effect).unwrap());
    }
    for effect in settings {
        let name = serde_json::to_string(&effect).unwrap();
        let input = noise(0.5, 10_000);
        let mut chain = of(effect);
        chain.effects[0].wet = Some(1.0);
        let processor = chain.prepare(input.rate, 2, &Impulses::new()).unwrap();
        let end = 10_000 + processor.latency() + processor.tail() as usize;
        let out = blocks(&chain, &input, 4096, end + 100_000);
        let most = |samples: &[f32]| samples.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        let (before, after) = (most(&out[0][..end]), most(&out[0][end..]));
        assert!(after <= 2e-3 * before, "{name}: {after} after {before}");
    }
}

#[test]
fn a_bypassed_effect_lets_every_bit_pass() {
    let input = noise(0.5, 9000);
    for effect in every() {
        let name = effect.name();
        let mut chain = of(effect);
        chain.effects[0].bypass = true;
        assert!(render(&chain, &input) == input, "{name}");
        chain.effects[0].bypass = false;
        chain.effects[0].wet = Some(0.0);
        assert!(render(&chain, &input) == input, "{name} without any share");
    }
}

#[test]
fn every_effect_runs_on_any_stream() {
    for effect in every() {
        for (rate, channels) in [(8000, 1), (11_025, 3), (44_100, 6), (192_000, 2)] {
            let mut input = audio(vec![signal::noise(3, 0.5, 4000); channels]);
            input.rate = SampleRate::new(rate).unwrap();
            let out = of(effect.clone())
                .render(&input, Tail::Cut, &Impulses::new())
                .unwrap_or_else(|error| panic!("{}: {error}", effect.name()));
            let finite = out.channels.iter().flatten().all(|x| x.is_finite());
            assert!(finite, "{} at {rate} Hz", effect.name());
        }
    }
}

#[test]
fn what_is_no_number_does_not_stay() {
    for effect in every() {
        let name = effect.name();
        let mut input = noise(0.5, 60_000);
        input.channels[0][100] = f32::NAN;
        input.channels[1][200] = f32::INFINITY;
        input.channels[0][300] = f32::MIN;
        input.channels[1][310] = f32::MIN_POSITIVE / 8.0;
        let out = render(&of(effect), &input);
        let most = out.channels.iter().flatten().fold(0.0f32, |most, x| {
            assert!(x.is_finite(), "{name}");
            most.max(x.abs())
        });
        assert!(most <= 1e6, "{name}: {most}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_settings_keep_noise_bounded_and_any_blocks_the_same(
        places in proptest::collection::vec(
            prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0f64], 12..13,
        ),
        block in prop_oneof![Just(1usize), Just(64), 2usize..700],
    ) {
        let input = noise(1.0, 12_000);
        for effect in every() {
            let effect = placed(&effect, &places);
            let name = serde_json::to_string(&effect).unwrap();
            let out = blocks(&of(effect.clone()), &input, block, 13_000);
            prop_assert!(out == blocks(&of(effect), &input, 4096, 13_000), "{name} in {block}");
            for x in out.iter().flatten() {
                // Full scale through +60 dB is 1000; nothing may run away beyond what gains add up to.
                prop_assert!(x.is_finite() && x.abs() < 2e5, "{name} gives {x}");
            }
        }
    }

    #[test]
    fn knobs_that_are_turned_wildly_break_nothing(
        turns in proptest::collection::vec((any::<u16>(), 0.0..=1.0f64), 20..60),
    ) {
        for effect in every() {
            let name = effect.name();
            let parameters = effect.parameters();
            let rate = SampleRate::HZ_48000;
            let mut processor = of(effect).prepare(rate, 2, &Impulses::new()).unwrap();
            let mut sound = noise(0.9, 200 * turns.len()).channels;
            let [left, right] = &mut sound[..] else { unreachable!() };
            let blocks = left.chunks_mut(200).zip(right.chunks_mut(200));
            for ((which, place), (left, right)) in turns.iter().zip(blocks) {
                let parameter = &parameters[usize::from(*which) % parameters.len()];
                if let Some(knob) = processor.knob(0, &parameter.name) {
                    let range = parameter.max - parameter.min;
                    processor.turn(knob, parameter.min + range * place);
                }
                processor.process(&mut [left, right]);
            }
            for x in sound.iter().flatten() {
                prop_assert!(x.is_finite() && x.abs() < 2e5, "{name} gives {x}");
            }
        }
    }
}

/// 10 minutes of noise through every effect: nothing creeps up. At 8 kHz, so that it ends.
#[test]
fn ten_minutes_of_noise_stay_bounded() {
    let rate = SampleRate::new(8000).unwrap();
    for effect in every() {
        let name = effect.name();
        let mut processor = of(effect).prepare(rate, 1, &Impulses::new()).unwrap();
        for second in 0..600 {
            let mut block = signal::noise(second, 1.0, 8000);
            processor.process(&mut [&mut block]);
            let most = block.iter().fold(0.0f32, |most, x| most.max(x.abs()));
            assert!(most < 20.0, "{name} gives {most} at {second} s");
        }
    }
}
