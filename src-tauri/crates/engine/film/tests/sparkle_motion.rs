//! Our plans under a JSON Schema of Sparkle Motion's `MoviePlan`, written from its rules; and plans that
//! were changed at random under our validator.

#![allow(clippy::unwrap_used, reason = "in a test file a panic is a failure")]

use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};
use studio_film::{OutlineOptions, outline, parse, validate};

/// Required fields and types as Sparkle Motion's importer wants them.
static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let text = json!({"type": "string"});
    let words = json!({"type": ["string", "null"]});
    let secs = json!({"type": "number", "exclusiveMinimum": 0});
    let line = json!({
        "type": "object", "required": ["character_id", "text"],
        "properties": {"character_id": text, "text": text, "metadata": {"type": "object"}},
    });
    let image = json!({
        "type": "object", "required": ["id", "prompt"],
        "properties": {
            "id": text, "prompt": text, "asset_uri": words, "local_path": words, "mime_type": words,
            "metadata": {"type": "object"},
        },
    });
    let shot = json!({
        "type": "object",
        "required": ["id", "duration_sec", "visual_description", "start_base_image_id", "end_base_image_id"],
        "properties": {
            "id": text, "duration_sec": secs, "visual_description": text,
            "start_base_image_id": {"type": "string", "minLength": 1},
            "end_base_image_id": {"type": "string", "minLength": 1},
            "setting": words, "motion_prompt": words, "is_talking_closeup": {"type": "boolean"},
            "dialogue": {"type": "array", "items": line},
        },
    });
    let character = json!({
        "type": "object", "required": ["id", "name"],
        "properties": {
            "id": text, "name": text, "description": words,
            "voice_profile": {"type": "object", "additionalProperties": text},
        },
    });
    let start = json!({"type": "number", "minimum": 0});
    let spoken = json!({
        "type": "object", "required": ["start_time_sec", "duration_sec", "character_id", "text"],
        "properties": {
            "type": {"const": "dialogue"}, "start_time_sec": start, "duration_sec": secs,
            "character_id": text, "text": text,
        },
    });
    let silent = json!({
        "type": "object", "required": ["start_time_sec", "duration_sec"],
        "properties": {"type": {"const": "silence"}, "start_time_sec": start, "duration_sec": secs},
    });
    let schema = json!({
        "type": "object",
        "required": ["title", "base_images", "shots", "dialogue_timeline", "render_profile"],
        "properties": {
            "title": text,
            "base_images": {"type": "array", "minItems": 1, "items": image},
            "shots": {"type": "array", "minItems": 1, "items": shot},
            "characters": {"type": "array", "items": character},
            "dialogue_timeline": {"type": "array", "minItems": 1, "items": {"oneOf": [spoken, silent]}},
            "render_profile": {
                "type": "object", "required": ["video"],
                "properties": {
                    "metadata": {"type": "object"},
                    "video": {
                        "type": "object", "required": ["model_id"],
                        "properties": {
                            "model_id": text, "notes": words,
                            "max_fps": {"type": ["number", "null"], "exclusiveMinimum": 0},
                        },
                    },
                },
            },
            "metadata": {"type": "object"},
        },
    });
    jsonschema::validator_for(&schema).unwrap()
});

fn plan(sentence: &str, seed: u64, duration_secs: f64, shots: Option<u32>) -> Value {
    let options = OutlineOptions {
        seed,
        duration_secs,
        shots,
        fps: 24,
    };
    serde_json::to_value(outline(sentence, &options)).unwrap()
}

proptest! {
    #[test]
    fn our_plans_are_theirs(
        sentence in "[ -~é🦊]{0,200}", seed: u64, duration in 5.0f64..600.0, shots in proptest::option::of(1u32..=20),
    ) {
        let plan = plan(&sentence, seed, duration, shots);
        let errors: Vec<String> = SCHEMA.iter_errors(&plan).map(|error| error.to_string()).collect();
        prop_assert!(errors.is_empty(), "{errors:?}");
    }

    #[test]
    fn a_plan_that_was_changed_anywhere_is_judged_and_never_panics(
        seed in 0u64..50, at: prop::sample::Index, change in changes(),
    ) {
        let mut plan = plan("A fox finds a lantern in the snow.", seed, 20.0, Some(4));
        let pointers = pointers(&plan);
        let pointer = at.get(&pointers);
        let before = plan.pointer(pointer).cloned();
        if let Some(place) = plan.pointer_mut(pointer) {
            *place = change;
        }
        if let Ok(parsed) = parse(&plan.to_string()) {
            let problems = validate(&parsed);
            for problem in &problems {
                prop_assert!(!problem.path.is_empty() && !problem.message.is_empty());
            }
            // What is derived from a plan must stand whatever it says.
            let _ = studio_film::captions(&parsed);
            let _ = studio_film::chapters(&parsed);
            let _ = studio_film::score_cues(&parsed);
            if plan.pointer(pointer) == before.as_ref() {
                prop_assert!(problems.is_empty());
            }
        }
    }
}

/// Values that a field may be changed to.
fn changes() -> impl Strategy<Value = Value> {
    proptest::sample::select(vec![
        json!(null),
        json!(""),
        json!(" "),
        json!("ghost"),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(-1e300),
        json!(1e-9),
        json!(20.0),
        json!([]),
        json!({}),
        json!(true),
        json!("image_01"),
        json!("shot_01"),
        json!(u64::MAX),
    ])
}

/// Pointers to everything inside.
fn pointers(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), value)];
    while let Some((pointer, value)) = open.pop() {
        match value {
            Value::Object(fields) => open.extend(
                fields
                    .iter()
                    .map(|(key, value)| (format!("{pointer}/{key}"), value)),
            ),
            Value::Array(items) => {
                open.extend(
                    items
                        .iter()
                        .enumerate()
                        .map(|(n, item)| (format!("{pointer}/{n}"), item)),
                );
            }
            _ => {}
        }
        found.push(pointer);
    }
    found
}

/// For a reader: this is what one sentence and one seed become.
const STORY: &str = "\
Who Keeps the Lamp?
4.5 s, The harbour
  narrator: There was once a lighthouse keeper's daughter called Tamsin.
6.7 s, The sea wall
  narrator: Then a storm took the road. Now Tamsin had to light the lamp alone.
3.7 s, The rocks
  narrator: Tamsin had only ever watched it done.
4.2 s, The lantern room
  narrator: At the worst hour, everything failed at once.
5.5 s, The beam
  hero: I said I would light the lamp alone. So I will.
5.4 s, The morning after
  narrator: By morning they were all home. Tamsin slept at last.
";

#[test]
fn a_story_as_it_is_told() {
    let options = OutlineOptions {
        seed: 5,
        duration_secs: 30.0,
        shots: None,
        fps: 24,
    };
    let plan = outline(
        "A lighthouse keeper's daughter must light the lamp alone when a storm takes the road.",
        &options,
    );
    let mut script = format!("{}\n", plan.title);
    for shot in &plan.shots {
        let setting = shot.setting.as_deref().unwrap_or("");
        script.push_str(&format!("{:.1} s, {setting}\n", shot.duration_sec));
        for line in &shot.dialogue {
            script.push_str(&format!("  {}: {}\n", line.character_id, line.text));
        }
    }
    assert_eq!(script, STORY);
}
