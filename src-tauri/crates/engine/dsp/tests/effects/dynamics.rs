//! Compressor, limiter, gate and de-esser.

use proptest::prelude::*;
use studio_core::units::SampleRate;
use studio_dsp::effects::{Chain, Tail};
use studio_dsp::loudness::measure;
use studio_testkit::signal;

use crate::{RATE, audio, db, near, noise, only, render, rms, sine};

/// Level of the end of a steady square wave of `level_db` through a chain.
fn settled(chain: &Chain, level_db: f64) -> f64 {
    let level = 10f64.powf(level_db / 20.0) as f32;
    let square = (0..96_000).map(|n| if n / 24 % 2 == 0 { level } else { -level });
    let out = render(chain, &audio(vec![square.collect()]));
    db(rms(&out.channels[0][90_000..]))
}

#[test]
fn a_compressor_has_the_static_curve_of_the_tutorial() {
    for (threshold, ratio, knee) in [(-20.0, 4.0, 0.0), (-30.0, 2.0, 12.0), (-12.0, 100.0, 6.0)] {
        let chain = only(&format!(
            r#"{{"compressor":{{"threshold_db":{threshold},"ratio":{ratio},"knee_db":{knee}}}}}"#
        ));
        for level in [
            -60.0, -36.0, -31.0, -24.0, -20.0, -15.0, -12.0, -9.5, -3.0, 0.0,
        ] {
            // Giannoulis, Massberg and Reiss, eq. 4.
            let over: f64 = level - threshold;
            let expected = if 2.0 * over < -knee {
                level
            } else if 2.0 * over.abs() <= knee && knee > 0.0 {
                level + (1.0 / ratio - 1.0) * (over + knee / 2.0).powi(2) / (2.0 * knee)
            } else {
                threshold + over / ratio
            };
            let what = format!("{ratio}:1 from {threshold} dB, knee {knee}, at {level} dB");
            near(&what, settled(&chain, level), expected, 0.01);
        }
    }
}

#[test]
fn attack_and_release_are_time_constants() {
    let chain = only(
        r#"{"compressor":{"threshold_db":-40,"ratio":2,"knee_db":0,"attack_ms":20,"release_ms":50}}"#,
    );
    let level = |n: usize| {
        if (24_000..72_000).contains(&n) {
            1.0
        } else {
            0.001
        }
    };
    let input = audio(vec![(0..120_000).map(level).collect()]);
    let out = render(&chain, &input);
    let reduction = |n: usize| -db(f64::from(out.channels[0][n]) / f64::from(input.channels[0][n]));
    let part = 1.0 - (-1.0f64).exp();
    near(
        "after the attack",
        reduction(24_000 + 960),
        20.0 * part,
        0.05,
    );
    near("settled", reduction(71_000), 20.0, 0.01);
    near(
        "after the release",
        reduction(72_000 + 2400),
        20.0 * (1.0 - part),
        0.05,
    );
}

#[test]
fn make_up_gives_back_half_of_what_full_scale_loses() {
    let chain = only(
        r#"{"compressor":{"threshold_db":-20,"ratio":4,"knee_db":0,"make_up":"auto","make_up_db":1}}"#,
    );
    // Full scale loses 15 dB.
    near("far below", settled(&chain, -50.0), -50.0 + 7.5 + 1.0, 0.01);
}

#[test]
fn a_side_chain_filter_keeps_the_bass_from_pumping() {
    let with = |hz: f64| {
        let chain = only(&format!(
            r#"{{"compressor":{{"threshold_db":-30,"side_chain_high_pass_hz":{hz}}}}}"#
        ));
        let out = render(&chain, &sine(40.0, 0.5, 48_000));
        db(rms(&out.channels[0][24_000..]))
    };
    let plain = db(0.5 / 2f64.sqrt());
    assert!(with(0.0) < plain - 10.0);
    near("filtered", with(600.0), plain, 0.1);
}

#[test]
fn an_rms_detector_reads_a_sine_3_db_lower() {
    let with = |detector: &str| {
        let chain = only(&format!(
            r#"{{"compressor":{{"threshold_db":-30,"ratio":100,"knee_db":0,"release_ms":500,"attack_ms":5,"detector":"{detector}"}}}}"#
        ));
        let out = render(&chain, &sine(1000.0, 0.5, 96_000));
        db(rms(&out.channels[0][72_000..]))
    };
    near("rms", with("rms"), -30.0, 0.2);
    near("peak", with("peak"), -33.0, 0.8);
}

#[test]
fn both_channels_get_the_gain_of_the_louder() {
    let chain = only(r#"{"compressor":{"threshold_db":-30}}"#);
    let loud = signal::sine(500.0, 0.8, RATE, 20_000);
    let quiet: Vec<f32> = loud.iter().map(|x| x / 8.0).collect();
    let out = render(&chain, &audio(vec![quiet, loud]));
    for (quiet, loud) in out.channels[0].iter().zip(&out.channels[1]) {
        assert!((quiet * 8.0 - loud).abs() < 1e-5);
    }
}

#[test]
fn a_look_ahead_is_down_when_the_peak_comes() {
    let with = |lookahead: f64| {
        let chain = only(&format!(
            r#"{{"compressor":{{"threshold_db":-20,"ratio":100,"knee_db":0,"attack_ms":1,"lookahead_ms":{lookahead}}}}}"#
        ));
        let level = |n: usize| if n < 4800 { 0.0 } else { 1.0 };
        let out = render(&chain, &audio(vec![(0..9600).map(level).collect()]));
        out.channels[0][4800]
    };
    assert!(with(0.0) > 0.9, "{}", with(0.0));
    assert!(with(10.0) < 0.11, "{}", with(10.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn true_peaks_stay_under_the_ceiling(
        seed in any::<u64>(), drive in 0.0..36.0f64, ceiling in -20.0..0.0f64,
        release in 1.0..500.0f64, lookahead in 1.0..20.0f64,
    ) {
        let chain = only(&format!(
            r#"{{"limiter":{{"drive_db":{drive},"ceiling_db":{ceiling},"release_ms":{release},"lookahead_ms":{lookahead}}}}}"#
        ));
        let mut state = 0.0;
        let dull = signal::noise(seed, 1.0, 30_000).into_iter().map(|x| {
            // Above 16 kHz even meters disagree.
            state = 0.7 * state + 0.3 * x;
            state
        });
        let out = render(&chain, &audio(vec![dull.collect()]));
        let peak = measure(&out).unwrap().true_peak_dbtp.unwrap();
        prop_assert!(peak <= ceiling + 0.05, "{peak} dBTP over {ceiling}");
    }
}

#[test]
fn a_gate_shuts_and_opens() {
    let chain = only(r#"{"gate":{"threshold_db":-40,"ratio":10,"range_db":60,"hold_ms":50}}"#);
    near("open", settled(&chain, -30.0), -30.0, 0.01);
    near("a little below", settled(&chain, -42.0), -42.0 - 18.0, 0.05);
    near("shut", settled(&chain, -60.0), -120.0, 0.1);
    // It stays open through the hold and the pauses of a low wave.
    let tone = sine(30.0, 0.1, 48_000);
    let out = render(&chain, &tone);
    near(
        "a low tone",
        db(rms(&out.channels[0][4800..])),
        db(0.1 / 2f64.sqrt()),
        0.1,
    );
}

#[test]
fn a_gentle_ratio_expands() {
    let chain = only(r#"{"gate":{"threshold_db":-20,"ratio":2,"range_db":120}}"#);
    near("10 dB below", settled(&chain, -30.0), -40.0, 0.05);
}

#[test]
fn a_de_esser_takes_hiss_and_leaves_the_voice() {
    let chain = only(r#"{"de_esser":{}}"#);
    let voice = sine(200.0, 0.5, 48_000);
    assert!(
        render(&chain, &voice) == voice,
        "a voice passes bit for bit"
    );
    for level in [0.5, 0.05] {
        let hiss = sine(8000.0, level, 48_000);
        let out = render(&chain, &hiss);
        let lost = db(rms(&hiss.channels[0][24_000..]) / rms(&out.channels[0][24_000..]));
        // 9 dB above the threshold lose three quarters of that; the low-passed part, late in phase,
        // takes a little more.
        near("the hiss", lost, 8.5, 1.0);
    }
}

#[test]
fn a_limiter_at_rest_is_exact_at_any_rate() {
    let mut input = noise(0.2, 5000);
    input.rate = SampleRate::new(96_000).unwrap();
    let chain = only(r#"{"limiter":{"ceiling_db":0}}"#);
    let out = chain
        .render(&input, Tail::Cut, &Default::default())
        .unwrap();
    assert!(out == input);
}
