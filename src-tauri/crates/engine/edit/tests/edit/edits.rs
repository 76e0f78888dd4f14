//! Each edit, case by case.

use studio_edit::{Change, Edit, EditError, Fade, Session};

use super::{clip, edited, places, session, with_clips};

#[track_caller]
fn check(before: &[(u64, u64, u64)], edit: impl Fn(&Session) -> Edit, after: &[(u64, u64, u64)]) {
    let session = with_clips(before);
    assert_eq!(places(&edited(&session, vec![edit(&session)]), 0), after);
}

#[track_caller]
fn check_refused(before: &[(u64, u64, u64)], edit: impl Fn(&Session) -> Edit, words: &str) {
    let session = with_clips(before);
    let change = Change {
        edits: vec![edit(&session)],
        ..Change::default()
    };
    let error = session.apply(&change).unwrap_err().to_string();
    assert!(error.contains(words), "{error}");
}

fn nth(session: &Session, index: usize) -> studio_edit::ClipId {
    session.tracks[0].clips[index].id
}

fn cut(from: u64, to: u64, ripple: bool) -> impl Fn(&Session) -> Edit {
    move |_| Edit::CutRange {
        from,
        to,
        tracks: Vec::new(),
        ripple,
    }
}

#[test]
fn a_split_gives_two_clips_that_meet() {
    let split = |at| move |_: &Session| Edit::Split { at, clips: vec![] };
    check(
        &[(100, 10, 50)],
        split(120),
        &[(100, 10, 20), (120, 30, 30)],
    );
    check_refused(&[(100, 10, 50)], split(100), "nothing to split");
    check_refused(&[(100, 10, 50)], split(150), "nothing to split");
}

#[test]
fn a_trim_leaves_the_sound_where_it_is() {
    let trim = |start, end| {
        move |session: &Session| Edit::TrimClip {
            clip: nth(session, 0),
            start,
            end,
        }
    };
    check(&[(100, 10, 50)], trim(95, 140), &[(95, 5, 45)]);
    check(&[(100, 10, 50)], trim(110, 160), &[(110, 20, 50)]);
    check_refused(&[(100, 10, 50)], trim(80, 140), "before the start");
    check_refused(
        &[(100, 99_950, 50)],
        trim(100, 151),
        "source of 100000 samples",
    );
    check_refused(&[(100, 10, 50)], trim(120, 120), "is empty");
}

#[test]
fn a_slip_moves_the_sound_within_its_edges() {
    let slip = |by| {
        move |session: &Session| Edit::SlipClip {
            clip: nth(session, 0),
            by,
        }
    };
    check(&[(100, 10, 50)], slip(4), &[(100, 6, 50)]);
    check_refused(&[(100, 10, 50)], slip(11), "before the start");
    check_refused(&[(100, 10, 50)], slip(i64::MIN), "before the start");
}

#[test]
fn a_range_is_cut_out_of_what_lies_in_it() {
    let clips = [(0, 0, 100), (100, 0, 100), (300, 0, 100)];
    check(&clips, cut(50, 320, false), &[(0, 0, 50), (320, 20, 80)]);
    check(&clips, cut(50, 320, true), &[(0, 0, 50), (50, 20, 80)]);
    check(
        &[(0, 0, 100)],
        cut(40, 60, true),
        &[(0, 0, 40), (40, 60, 40)],
    );
    check_refused(&clips, cut(60, 60, true), "is empty");
}

#[test]
fn removed_clips_leave_a_gap_or_none() {
    let remove = |ripple| {
        move |session: &Session| Edit::RemoveClips {
            clips: vec![nth(session, 0), nth(session, 1)],
            ripple,
        }
    };
    let clips = [(0, 0, 100), (150, 0, 50), (200, 7, 100)];
    check(&clips, remove(false), &[(200, 7, 100)]);
    check(&clips, remove(true), &[(50, 7, 100)]);
}

#[test]
fn silence_is_opened_by_moving_what_follows() {
    let insert = |_: &Session| Edit::InsertSilence {
        at: 50,
        length: 1000,
        tracks: Vec::new(),
    };
    check(
        &[(0, 0, 100), (100, 0, 10)],
        insert,
        &[(0, 0, 50), (1050, 50, 50), (1100, 0, 10)],
    );
}

#[test]
fn clips_move_in_time_and_over_tracks_and_copies_are_new() {
    let session = session(2);
    let (top, below) = (session.tracks[0].id, session.tracks[1].id);
    let add = Edit::AddClips {
        clips: vec![clip(top, 10, 0, 5), clip(below, 30, 0, 5)],
    };
    let session = edited(&session, vec![add]);
    let id = nth(&session, 0);
    let shift = |by, tracks, copy| Edit::MoveClips {
        clips: vec![id],
        by,
        tracks,
        copy,
    };
    let moved = edited(&session, vec![shift(-10, 1, false)]);
    assert_eq!(
        (places(&moved, 0), places(&moved, 1)),
        (vec![], vec![(0, 0, 5), (30, 0, 5)])
    );
    assert_eq!(moved.tracks[1].clips[0].id, id);
    let copied = edited(&session, vec![shift(5, 0, true)]);
    assert_eq!(places(&copied, 0), [(10, 0, 5), (15, 0, 5)]);
    assert_ne!(copied.tracks[0].clips[1].id, id);
    for (by, tracks) in [(-11, 0), (0, 2), (0, -1), (i64::MAX, 0), (0, i32::MIN)] {
        let change = Change {
            edits: vec![shift(by, tracks, false)],
            ..Change::default()
        };
        let error = session.apply(&change).unwrap_err();
        assert!(
            matches!(error, EditError::Position | EditError::NoTrackThere),
            "{error}"
        );
    }
}

#[test]
fn markers_follow_the_time_that_is_taken_out() {
    let marker = |name: &str, at, length| Edit::SetMarker {
        marker: None,
        name: name.to_owned(),
        at,
        length,
    };
    let session = edited(
        &with_clips(&[(0, 0, 1000)]),
        vec![
            marker("in", 100, 0),
            marker("region", 50, 100),
            marker("after", 500, 0),
        ],
    );
    let cut = edited(&session, vec![cut(80, 120, true)(&session)]);
    let found: Vec<(&str, u64, u64)> = cut
        .markers
        .iter()
        .map(|marker| (marker.name.as_str(), marker.at, marker.length))
        .collect();
    assert_eq!(
        found,
        [("region", 50, 60), ("in", 80, 0), ("after", 460, 0)]
    );
}

#[test]
fn one_bad_edit_refuses_the_whole_change() {
    let session = with_clips(&[(0, 0, 10)]);
    let id = nth(&session, 0);
    let gain = |gain_db| Edit::SetClip {
        clip: id,
        name: None,
        gain_db: Some(gain_db),
        fade_in: Some(Fade::default()),
        fade_out: None,
        envelope: None,
        muted: None,
    };
    for bad in [f64::NAN, 25.0, f64::NEG_INFINITY] {
        let change = Change {
            edits: vec![gain(-3.0), gain(bad)],
            ..Change::default()
        };
        assert!(session.apply(&change).is_err(), "{bad} dB");
    }
}
