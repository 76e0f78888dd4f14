//! What holds for any edits.

use proptest::prelude::*;
use studio_dsp::effects::{Chain, EffectSettings, Gain, Slot};
use studio_edit::{Change, ClipId, Edit, EnvelopePoint, Fade, MarkerId, Session, TrackId};

use super::automation::curves;
use super::{clip, session};

/// Any edit; ids are picked among those there may be, so that most of them are.
fn edit() -> impl Strategy<Value = Edit> {
    let id = || 1..40u32;
    let at = || 0..2_000u64;
    let clips = || prop::collection::vec((1..40u32).prop_map(ClipId), 0..4);
    let tracks = || prop::collection::vec((1..5u32).prop_map(TrackId), 0..3);
    prop_oneof![
        Just(Edit::AddTrack {
            name: None,
            index: Some(0)
        }),
        (1..5u32).prop_map(|id| Edit::RemoveTrack { track: TrackId(id) }),
        (1..5u32, 0..9usize).prop_map(|(id, index)| Edit::MoveTrack {
            track: TrackId(id),
            index
        }),
        (1..5u32, at(), at(), 0..300u64).prop_map(|(track, start, from, length)| Edit::AddClips {
            clips: vec![clip(TrackId(track), start, from, length); 2],
        }),
        (clips(), any::<bool>()).prop_map(|(clips, ripple)| Edit::RemoveClips { clips, ripple }),
        (clips(), -500..500i64, -2..3i32, any::<bool>()).prop_map(|(clips, by, tracks, copy)| {
            Edit::MoveClips {
                clips,
                by,
                tracks,
                copy,
            }
        }),
        (id(), at(), at()).prop_map(|(id, start, end)| Edit::TrimClip {
            clip: ClipId(id),
            start,
            end
        }),
        (id(), -500..500i64).prop_map(|(id, by)| Edit::SlipClip {
            clip: ClipId(id),
            by
        }),
        (at(), clips()).prop_map(|(at, clips)| Edit::Split { at, clips }),
        (id(), 0..400u64, at()).prop_map(|(id, length, at)| Edit::SetClip {
            clip: ClipId(id),
            name: None,
            gain_db: None,
            fade_in: Some(Fade {
                length,
                ..Fade::default()
            }),
            fade_out: None,
            envelope: Some(vec![EnvelopePoint { at, gain_db: -6.0 }]),
            muted: Some(length > 300),
        }),
        (at(), at(), tracks(), any::<bool>()).prop_map(|(from, to, tracks, ripple)| {
            Edit::CutRange {
                from,
                to,
                tracks,
                ripple,
            }
        }),
        (at(), 0..500u64, tracks()).prop_map(|(at, length, tracks)| Edit::InsertSilence {
            at,
            length,
            tracks
        }),
        (prop::option::of(id()), at(), 0..300u64).prop_map(|(marker, at, length)| {
            Edit::SetMarker {
                marker: marker.map(MarkerId),
                name: "Here".to_owned(),
                at,
                length,
            }
        }),
        (prop::option::of(1..5u32), curves()).prop_map(|(track, automation)| {
            Edit::SetAutomation {
                track: track.map(TrackId),
                automation,
            }
        }),
        (prop::option::of(1..5u32), curves()).prop_map(|(track, mut automation)| {
            automation.retain(|curve| curve.parameter == "gain_db");
            let mut slot = Slot::new(EffectSettings::Gain(Gain::default()));
            slot.automation = automation;
            Edit::SetEffects {
                track: track.map(TrackId),
                effects: Chain {
                    effects: vec![slot],
                },
            }
        }),
        id().prop_map(|id| Edit::RemoveMarker {
            marker: MarkerId(id)
        }),
    ]
}

/// Changes that were taken, from the first session on.
fn taken(first: &Session, edits: Vec<Vec<Edit>>) -> Vec<(Change, Session)> {
    let mut taken: Vec<(Change, Session)> = Vec::new();
    for edits in edits {
        let change = Change {
            edits,
            ..Change::default()
        };
        let before = taken.last().map_or(first, |(_, session)| session);
        if let Ok(after) = before.apply(&change) {
            taken.push((change, after));
        }
    }
    taken
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_is_edited_stays_a_session(edits in prop::collection::vec(prop::collection::vec(edit(), 1..3), 1..40)) {
        for (change, session) in taken(&session(3), edits) {
            prop_assert!(session.check().is_ok(), "{:?} after {change:?}", session.check());
        }
    }

    #[test]
    fn the_log_alone_leads_back_to_every_session(edits in prop::collection::vec(prop::collection::vec(edit(), 1..3), 1..40)) {
        let first = session(3);
        let taken = taken(&first, edits);
        let mut replayed = first;
        for (change, session) in &taken {
            let text = serde_json::to_string(change).unwrap();
            let read: Change = serde_json::from_str(&text).unwrap();
            replayed = replayed.apply(&read).unwrap();
            prop_assert_eq!(&replayed, session);
            let kept: Session = serde_json::from_str(&serde_json::to_string(session).unwrap()).unwrap();
            prop_assert_eq!(&kept, session, "a session is kept as it is");
        }
    }

    #[test]
    fn a_split_is_not_heard(at in 1..999u64, fade in 0..400u64) {
        // Told by the gains: the halves add up to the clip before, sample by sample.
        let before = super::with_clips(&[(0, 0, 1000)]);
        let id = before.tracks[0].clips[0].id;
        let shaped = Edit::SetClip {
            clip: id,
            name: None,
            gain_db: Some(-3.0),
            fade_in: Some(Fade { length: fade.min(at), ..Fade::default() }),
            fade_out: Some(Fade { length: fade.min(1000 - at), ..Fade::default() }),
            envelope: Some(vec![
                EnvelopePoint { at: 100, gain_db: 0.0 },
                EnvelopePoint { at: 900, gain_db: -20.0 },
            ]),
            muted: None,
        };
        let before = super::edited(&before, vec![shaped]);
        let after = super::edited(&before, vec![Edit::Split { at, clips: vec![] }]);
        prop_assert_eq!(super::mixing::rendered(&before, 1000), super::mixing::rendered(&after, 1000));
    }
}
