//! Chains from strangers: refused, with the place and what is allowed there.

use proptest::prelude::*;
use studio_core::units::SampleRate;
use studio_dsp::effects::{Chain, Impulses};

#[track_caller]
fn check(json: &str, message: &str) {
    let error = Chain::from_json(json).expect_err("this chain is wrong");
    assert_eq!(error.to_string(), message);
}

/// One effect with automation.
fn automation(automation: &str) -> String {
    format!(r#"{{"effects":[{{"effect":{{"compressor":{{}}}},"automation":[{automation}]}}]}}"#)
}

#[test]
fn what_is_out_of_range_is_named() {
    check(
        r#"{"effects":[{"effect":{"gain":{}}},{"effect":{"compressor":{"ratio":0.5}}}]}"#,
        "effects[1].compressor.ratio is 0.5, but must lie within 1 and 100",
    );
    check(
        r#"{"effects":[{"effect":{"equalizer":{"bands":[{},{"q":-1}]}}}]}"#,
        "effects[0].equalizer.bands[1].q is -1, but must lie within 0.05 and 50",
    );
    check(
        r#"{"effects":[{"effect":{"gain":{}},"wet":1.5}]}"#,
        "effects[0].wet is 1.5, but must lie within 0 and 1",
    );
    check(
        r#"{"effects":[{"effect":{"equalizer":{"bands":[]}}}]}"#,
        "effects[0].equalizer.bands has 0 entries, but there must be 1 to 32",
    );
    check(
        r#"{"effects":[{"effect":{"pass_filter":{"order":17}}}]}"#,
        "effects[0].pass_filter.order is 17, but must lie within 1 and 16",
    );
    let many = vec![r#"{"effect":{"gain":{}}}"#; 65].join(",");
    check(
        &format!(r#"{{"effects":[{many}]}}"#),
        "effects has 65 entries, but there must be 0 to 64",
    );
}

#[test]
fn what_is_unknown_is_named() {
    check(
        r#"{"effects":[{"effect":{"compressor":{"treshold_db":-3}}}]}"#,
        "the chain is no valid JSON of a chain: effects[0].effect.compressor.treshold_db: unknown \
         field `treshold_db`, expected one of `threshold_db`, `ratio`, `knee_db`, `attack_ms`, \
         `release_ms`, `make_up_db`, `side_chain_high_pass_hz`, `lookahead_ms`, `detector`, `make_up` \
         at line 1 column 50",
    );
    for json in [
        "",
        "[]",
        "{}",
        "{\"effects\":[]} x",
        "{\"effects\":[],\"more\":1}",
        r#"{"effects":[{"effect":{"wobble":{}}}]}"#,
        r#"{"effects":[{"effect":{"gain":{"gain_db":"loud"}}}]}"#,
        r#"{"effects":[{"effect":{"gain":{"gain_db":1e999}}}]}"#,
        r#"{"effects":[{"effect":{"gain":{},"compressor":{}}}]}"#,
    ] {
        let error = Chain::from_json(json).expect_err(json).to_string();
        assert!(error.starts_with("the chain is no valid JSON"), "{error}");
    }
    let deep = "[".repeat(100_000);
    assert!(Chain::from_json(&deep).is_err());
}

#[test]
fn automation_that_cannot_be_followed_is_named() {
    check(
        &automation(r#"{"parameter":"gain_db","points":[{"at_secs":0,"value":0}]}"#),
        "effects[0].automation[0]: there is no parameter \"gain_db\" to automate; there are \
         threshold_db, ratio, knee_db, attack_ms, release_ms, make_up_db, side_chain_high_pass_hz, wet",
    );
    check(
        &automation(r#"{"parameter":"lookahead_ms","points":[{"at_secs":0,"value":0}]}"#),
        "effects[0].automation[0]: lookahead_ms cannot be automated, for it is fixed while the chain runs",
    );
    check(
        &automation(r#"{"parameter":"ratio","points":[]}"#),
        "effects[0].automation[0].points has 0 entries, but there must be 1 to 10000",
    );
    check(
        &automation(
            r#"{"parameter":"ratio","points":[{"at_secs":2,"value":1},{"at_secs":1,"value":1}]}"#,
        ),
        "effects[0].automation[0]: point 1 is at 1 s, before the one ahead of it",
    );
    check(
        &automation(r#"{"parameter":"ratio","points":[{"at_secs":-1,"value":1}]}"#),
        "effects[0].automation[0].points[0].at_secs is -1, but must lie within 0 and 604800",
    );
    let twice = r#"{"parameter":"ratio","points":[{"at_secs":0,"value":2}]}"#;
    check(
        &automation(&format!("{twice},{twice}")),
        "effects[0].automation[1]: ratio is automated twice",
    );
}

#[test]
fn streams_that_no_effect_is_made_for_are_refused() {
    let chain = Chain::default();
    for (rate, channels) in [(48_000, 0), (48_000, 65), (4000, 2), (1_000_000, 2)] {
        let rate = SampleRate::new(rate).unwrap();
        assert!(chain.prepare(rate, channels, &Impulses::new()).is_err());
    }
    let rate = SampleRate::new(768_000).unwrap();
    assert!(chain.prepare(rate, 64, &Impulses::new()).is_ok());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(json in r#"[\[\]{}":,a-z0-9 .\-]{0,80}"#) {
        let _ = Chain::from_json(&json);
    }
}
