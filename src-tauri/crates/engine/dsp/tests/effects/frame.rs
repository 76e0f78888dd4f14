//! Chains: mix, bypass, automation, smoothing, latency, JSON and schema.

use studio_core::units::SampleRate;
use studio_dsp::effects::{
    Automation, CONTROL, Chain, Curve, EffectSettings, Impulses, Point, Slot, Tail,
};

use crate::{RATE, audio, blocks, chain, noise, only, render};

fn automated(effect: &str, parameter: &str, curve: Curve, points: &[(f64, f64)]) -> Chain {
    let mut chain = only(effect);
    chain.effects[0].automation.push(Automation {
        parameter: parameter.to_owned(),
        curve,
        points: points
            .iter()
            .map(|(at_secs, value)| Point {
                at_secs: *at_secs,
                value: *value,
            })
            .collect(),
        bypass: false,
    });
    chain
}

#[test]
fn a_chain_without_effects_changes_nothing() {
    let input = noise(0.5, 1000);
    assert!(render(&Chain::default(), &input) == input);
}

#[test]
fn wet_and_dry_are_mixed_in_time_with_each_other() {
    // The limiter is late and does nothing below its ceiling: half of it and half of what came in are
    // the input, if both halves lie on each other.
    let input = noise(0.3, 5000);
    let mut late = only(r#"{"limiter": {}}"#);
    assert!(
        render(&late, &input) == input,
        "a limiter at rest is a wait"
    );
    late.effects[0].wet = Some(0.5);
    assert!(render(&late, &input) == input, "both halves are the same");
    let mut inverted = only(r#"{"gain": {"polarity": "inverted"}}"#);
    inverted.effects[0].wet = Some(0.5);
    let out = render(&inverted, &input);
    assert!(out.channels.iter().flatten().all(|x| *x == 0.0));
}

#[test]
fn latencies_add_up_and_are_compensated_exactly() {
    let chain = chain(&[
        r#"{"limiter": {"lookahead_ms": 3}}"#,
        r#"{"compressor": {"threshold_db": 0, "lookahead_ms": 7}}"#,
        r#"{"gate": {"threshold_db": -100, "ratio": 1, "lookahead_ms": 1}}"#,
    ]);
    let mut input = audio(vec![vec![0.0; 4000]; 2]);
    input.channels[0][1234] = 0.5;
    input.channels[1][17] = -0.25;
    let processor = chain.prepare(input.rate, 2, &Impulses::new()).unwrap();
    let latency = processor.latency();
    assert_eq!(latency, (3 * 48 + 11) + 7 * 48 + 48);
    let raw = blocks(&chain, &input, 100, 6000);
    assert_eq!(raw[0].iter().position(|x| *x != 0.0), Some(1234 + latency));
    let out = render(&chain, &input);
    assert_eq!(out.channels[0].iter().position(|x| *x != 0.0), Some(1234));
    assert_eq!(out.channels[1].iter().position(|x| *x != 0.0), Some(17));
}

#[test]
fn a_held_value_jumps_smoothly_and_a_line_is_followed() {
    let ones = audio(vec![vec![1.0; 48_000]]);
    let held = automated(
        r#"{"gain": {}}"#,
        "gain_db",
        Curve::Hold,
        &[(0.0, 0.0), (0.5, -20.0)],
    );
    let out = render(&held, &ones);
    let at = |secs: f64| f64::from(out.channels[0][(secs * f64::from(RATE)) as usize]);
    assert_eq!(at(0.49), 1.0);
    assert!(at(0.505) < 0.7, "{}", at(0.505));
    assert!((at(0.7) - 0.1).abs() < 1e-6, "{}", at(0.7));
    let largest_step = out.channels[0]
        .windows(2)
        .map(|two| (two[1] - two[0]).abs())
        .fold(0.0, f32::max);
    assert!(largest_step < 0.004, "a step of {largest_step}");

    let line = automated(
        r#"{"gain": {}}"#,
        "gain_db",
        Curve::Linear,
        &[(0.0, 0.0), (1.0, -60.0)],
    );
    let out = render(&line, &ones);
    for n in (4800..48_000).step_by(4800) {
        let db = 20.0 * f64::from(out.channels[0][n]).log10();
        // The smoothing of 10 ms lags by 0.6 dB at 60 dB per second.
        let expected = -60.0 * n as f64 / 48_000.0;
        assert!((-0.1..0.8).contains(&(db - expected)), "{n}: {db}");
    }
}

#[test]
fn automation_that_is_switched_off_is_kept_and_not_followed() {
    let curve = [(0.0, -20.0), (1.0, -40.0)];
    let mut chain = automated(r#"{"gain": {}}"#, "gain_db", Curve::Linear, &curve);
    chain.effects[0].automation[0].bypass = true;
    let input = noise(0.5, 5000);
    assert!(render(&chain, &input) == input);
    let text = serde_json::to_string(&chain).unwrap();
    assert_eq!(Chain::from_json(&text).unwrap(), chain);
}

#[test]
fn where_a_curve_is_steady_it_says_so() {
    let mut curve = automated(
        r#"{"gain": {}}"#,
        "gain_db",
        Curve::Linear,
        &[(1.0, -6.0), (2.0, -6.0), (3.0, 0.0)],
    )
    .effects
    .remove(0)
    .automation
    .remove(0);
    assert_eq!(curve.steady(0.0, 0.9), Some(-6.0));
    assert_eq!(curve.steady(1.2, 1.9), Some(-6.0));
    assert_eq!(curve.steady(0.5, 1.5), None);
    assert_eq!(curve.steady(2.1, 2.2), None);
    assert_eq!(curve.steady(3.0, 99.0), Some(0.0));
    curve.curve = Curve::Hold;
    assert_eq!(curve.steady(2.1, 2.9), Some(-6.0));
    assert_eq!(curve.steady(2.9, 3.0), None);
    for secs in [0.0, 1.2, 2.5, 3.0, 7.0] {
        assert_eq!(
            curve.steady(secs, secs),
            Some(curve.value(secs)),
            "{secs} s"
        );
    }
}

#[test]
fn automation_counts_the_time_of_the_sound_behind_late_effects() {
    let ones = audio(vec![vec![0.5; 48_000]]);
    let step = automated(
        r#"{"gain": {}}"#,
        "gain_db",
        Curve::Hold,
        &[(0.0, 0.0), (0.5, -20.0)],
    );
    let mut late = step.clone();
    late.effects.insert(
        0,
        Slot::new(serde_json::from_str(r#"{"limiter": {"lookahead_ms": 50}}"#).unwrap()),
    );
    let half = |chain: &Chain| {
        let out = render(chain, &ones);
        out.channels[0].iter().position(|x| *x < 0.25).unwrap()
    };
    let (plain, late) = (half(&step), half(&late));
    assert!(plain.abs_diff(late) <= CONTROL, "{plain} and {late}");
}

#[test]
fn automated_chains_give_the_same_for_any_block_size() {
    let mut chain = automated(
        r#"{"equalizer": {"bands": [{"shape": "peak"}, {"shape": "low_shelf"}]}}"#,
        "bands[1].gain_db",
        Curve::Linear,
        &[(0.0, -12.0), (0.1, 12.0), (0.3, 0.0)],
    );
    chain.effects[0].wet = None;
    chain.effects[0].automation.push(Automation {
        parameter: "wet".to_owned(),
        curve: Curve::Hold,
        points: vec![
            Point {
                at_secs: 0.0,
                value: 1.0,
            },
            Point {
                at_secs: 0.2,
                value: 0.3,
            },
        ],
        bypass: false,
    });
    let input = noise(0.5, 20_000);
    let whole = blocks(&chain, &input, 4096, 20_000);
    for block in [1, 32, 441] {
        assert!(blocks(&chain, &input, block, 20_000) == whole, "{block}");
    }
}

#[test]
fn a_turned_knob_moves_smoothly_and_stops_at_its_end() {
    let mut processor = only(r#"{"gain": {}}"#)
        .prepare(SampleRate::HZ_48000, 1, &Impulses::new())
        .unwrap();
    let knob = processor.knob(0, "gain_db").unwrap();
    assert_eq!(processor.knob(0, "loudness"), None);
    assert_eq!(processor.knob(1, "gain_db"), None);
    processor.process(&mut [&mut vec![1.0; 1000]]);
    processor.turn(knob, 1e9);
    let mut sound = vec![1.0; 48_000];
    processor.process(&mut [&mut sound]);
    assert!(sound[0] < 1.1 && (sound[47_999] - 1000.0).abs() < 0.01);
    assert!(sound.is_sorted());
    processor.bypass(0, true);
    processor.process(&mut [&mut sound]);
    let mut after = vec![0.25; 100];
    processor.process(&mut [&mut after]);
    assert_eq!(after, vec![0.25; 100], "bypassed");
}

#[test]
fn fixed_numbers_have_no_knob() {
    let processor = only(r#"{"compressor": {}}"#)
        .prepare(SampleRate::HZ_48000, 1, &Impulses::new())
        .unwrap();
    assert!(processor.knob(0, "threshold_db").is_some());
    assert!(processor.knob(0, "lookahead_ms").is_none());
}

#[test]
fn every_effect_comes_back_from_json_as_it_was() {
    for effect in EffectSettings::all() {
        let chain = Chain {
            effects: vec![Slot::new(effect)],
        };
        let json = serde_json::to_string(&chain).unwrap();
        assert_eq!(Chain::from_json(&json).unwrap(), chain, "{json}");
    }
}

#[test]
fn the_schema_tells_units_ranges_and_defaults() {
    let schema = serde_json::to_value(schemars::schema_for!(Chain)).unwrap();
    let threshold = &schema["$defs"]["Compressor"]["properties"]["threshold_db"];
    assert_eq!(threshold["unit"], "dB");
    assert_eq!(threshold["minimum"], -80.0);
    assert_eq!(threshold["maximum"], 0.0);
    assert_eq!(threshold["default"], -20.0);
    assert!(threshold["description"].as_str().unwrap().contains("dBFS"));
    assert_eq!(schema["$defs"]["Compressor"]["additionalProperties"], false);
}

#[test]
fn defaults_lie_within_their_ranges() {
    for effect in EffectSettings::all() {
        for parameter in effect.parameters() {
            let range = parameter.min..=parameter.max;
            assert!(range.contains(&parameter.default), "{parameter:?}");
        }
        let chain = Chain {
            effects: vec![Slot::new(effect)],
        };
        chain.check().unwrap();
    }
}

#[test]
fn nothing_in_is_nothing_out() {
    let chain = chain(&[r#"{"limiter": {}}"#]);
    let out = chain
        .render(&audio(vec![Vec::new()]), Tail::Cut, &Impulses::new())
        .unwrap();
    assert_eq!(out.frames(), 0);
    let one = audio(vec![vec![0.5]]);
    assert!(render(&chain, &one) == one, "a single sample");
}
