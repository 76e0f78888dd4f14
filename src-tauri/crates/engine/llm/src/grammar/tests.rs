use std::sync::LazyLock;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Every byte is a token, as in models with bytes below, and some longer ones that cross borders of
/// what they are part of. The last one ends an answer.
fn vocabulary() -> Arc<Vocabulary> {
    let longer = [
        "\"}",
        "\": ",
        "\": \"",
        "\",",
        ", \"",
        "},{",
        "{\"",
        "[[",
        "]]",
        "true",
        "false",
        "null",
        "-1",
        "10",
        "0.5",
        "e+2",
        "the ",
        " of",
        "\\n",
        "\\u00",
        "name",
        "\"name\"",
        "\"other\"",
        "kind",
        "ü",
        "日本",
        "    ",
        "\n  ",
        "a\"b",
        "12345",
    ];
    let bytes = (0..=255u8).map(|byte| vec![byte]);
    let longer = longer.map(|text| text.as_bytes().to_vec());
    let tokens: Vec<Option<Vec<u8>>> = bytes.chain(longer).map(Some).collect();
    let end = tokens.len() as u32;
    Arc::new(Vocabulary::new(tokens.into_iter().chain([None]), &[end]))
}

/// Schemas as tools and structured answers use them.
fn schemas() -> Vec<Value> {
    vec![
        json!(true),
        json!({ "type": "object" }),
        json!({ "type": "string", "minLength": 2, "maxLength": 5 }),
        json!({ "type": ["string", "null"], "maxLength": 0 }),
        json!({ "type": "integer" }),
        json!({ "type": "integer", "minimum": -7, "exclusiveMaximum": 113 }),
        json!({ "type": "number" }),
        json!({ "type": "number", "minimum": -0.5, "maximum": 12.25 }),
        json!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 }),
        json!({ "enum": ["a", "ab", 1, 12, null, { "x": [1, "ü\n"] }] }),
        json!({ "const": "\"quoted\" \\ and\ttabbed" }),
        json!({ "type": "array", "items": { "type": "boolean" }, "minItems": 2, "maxItems": 4 }),
        json!({ "type": "array", "prefixItems": [{ "type": "string" }, { "type": "integer" }], "items": { "type": "null" }, "minItems": 1 }),
        json!({ "type": "array", "prefixItems": [{ "type": "integer" }], "items": false }),
        json!({
            "type": "object",
            "properties": { "name": { "type": "string" }, "age": { "type": "integer", "minimum": 0 }, "na": true },
            "required": ["age", "name"],
            "additionalProperties": false,
        }),
        json!({
            "type": "object",
            "properties": { "name": { "type": "string" }, "no": false },
            "required": ["name", "other"],
            "additionalProperties": { "type": "integer" },
        }),
        json!({ "type": "object", "additionalProperties": { "enum": ["x"] }, "maxProperties": 2 }),
        json!({
            "type": "object",
            "properties": { "a": { "type": "null" }, "b": { "type": "null" }, "c": { "type": "null" } },
            "required": ["c"], "additionalProperties": false, "minProperties": 2, "maxProperties": 2,
        }),
        json!({ "anyOf": [{ "type": "string", "maxLength": 3 }, { "type": "integer" }, { "type": "object", "properties": { "s": { "type": "string" } } }] }),
        json!({
            "oneOf": [
                { "type": "object", "properties": { "kind": { "const": "circle" }, "r": { "type": "number" } }, "required": ["kind", "r"] },
                { "type": "object", "properties": { "kind": { "const": "square" }, "side": { "type": "number" } }, "required": ["kind", "side"] },
            ],
        }),
        json!({
            "oneOf": [
                { "type": "object", "properties": { "Circle": { "type": "integer" } }, "required": ["Circle"], "additionalProperties": false },
                { "type": "object", "properties": { "Square": { "type": "integer" } }, "required": ["Square"], "additionalProperties": false },
                { "type": "string", "enum": ["Nothing"] },
            ],
        }),
        json!({
            "$ref": "#/$defs/tree",
            "$defs": { "tree": {
                "type": "object",
                "properties": { "value": { "type": "integer" }, "children": { "type": "array", "items": { "$ref": "#/$defs/tree" } } },
                "required": ["value", "children"], "additionalProperties": false,
            } },
        }),
        json!({
            "title": "List", "type": "object",
            "properties": { "next": { "anyOf": [{ "$ref": "#" }, { "type": "null" }] } },
            "required": ["next"], "additionalProperties": false,
        }),
        json!({ "allOf": [{ "type": "array", "items": { "$ref": "#/$defs/a~1b" } }], "$defs": { "a/b": { "type": "boolean", "description": "x" } } }),
        json!({ "properties": { "ключ": { "type": "string", "format": "date" } }, "required": ["ключ"], "unevaluatedProperties": false }),
    ]
}

fn token_of(vocabulary: &Vocabulary, text: &str) -> Option<u32> {
    // Tokens of one byte come first.
    match text.as_bytes() {
        [byte] => Some(u32::from(*byte)),
        bytes => {
            (256..vocabulary.len() as u32).find(|token| vocabulary.bytes(*token) == Some(bytes))
        }
    }
}

/// Writes at random what the masks allow, and closes what is open after some tokens.
fn walk(
    grammar: &Grammar,
    vocabulary: &Arc<Vocabulary>,
    picks: &[u16],
    seen: &mut dyn FnMut(Duration),
) -> Vec<u8> {
    let mut constraint = Constraint::new(grammar, Arc::clone(vocabulary));
    let closing = [
        "}",
        "]",
        "\"name\"",
        "\"other\"",
        "\"",
        "0",
        "n",
        ",",
        ":",
        "{",
        "[",
    ];
    let closing = closing.iter().filter_map(|text| token_of(vocabulary, text));
    let closing: Vec<u32> = closing.collect();
    let mut text = Vec::new();
    let mut picks = picks.iter();
    for _ in 0..20_000 {
        let started = Instant::now();
        let mask = constraint.mask();
        seen(started.elapsed());
        let end = vocabulary.ends()[0];
        let token = match picks.next() {
            Some(pick) => {
                let count = mask.count();
                assert!(
                    count > 0,
                    "a dead end after {}",
                    String::from_utf8_lossy(&text)
                );
                mask.tokens().nth(usize::from(*pick) % count).unwrap()
            }
            None => {
                // Out of a string first; then what closes, the keys that must come, and short values.
                let in_string = mask.allows(b'A'.into());
                let quote = in_string.then_some(u32::from(b'"'));
                let ids = quote.into_iter().chain(closing.iter().copied());
                let closing = [end]
                    .into_iter()
                    .chain(ids)
                    .find(|token| mask.allows(*token));
                closing
                    .or_else(|| mask.tokens().next())
                    .expect("a dead end")
            }
        };
        constraint.accept(token).unwrap();
        if token == end {
            assert!(constraint.mask().is_empty());
            return text;
        }
        text.extend(vocabulary.bytes(token).unwrap());
    }
    panic!(
        "it does not come to an end: {}",
        String::from_utf8_lossy(&text)
    );
}

/// A schema with its grammar and its validator, which are dear to make.
static COMPILED: LazyLock<Vec<(Value, Grammar, jsonschema::Validator)>> = LazyLock::new(|| {
    let compile = |schema: Value| {
        let grammar = Grammar::from_schema(&schema).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        (schema, grammar, validator)
    };
    schemas().into_iter().map(compile).collect()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_the_masks_allow_parses_and_validates(picks in prop::collection::vec(any::<u16>(), 0..90)) {
        let vocabulary = vocabulary();
        for (schema, grammar, validator) in COMPILED.iter() {
            let text = walk(grammar, &vocabulary, &picks, &mut |_| {});
            let value: Value = serde_json::from_slice(&text)
                .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&text)));
            let valid = validator.is_valid(&value);
            prop_assert!(valid, "{schema}: {}", String::from_utf8_lossy(&text));
            prop_assert!(grammar.accepts(&text));
        }
    }

    #[test]
    fn a_mask_allows_exactly_what_may_be_accepted(picks in prop::collection::vec(any::<u16>(), 0..60), which in 0usize..25) {
        let vocabulary = vocabulary();
        let schemas = schemas();
        let grammar = Grammar::from_schema(&schemas[which % schemas.len()]).unwrap();
        let mut constraint = Constraint::new(&grammar, Arc::clone(&vocabulary));
        for pick in picks {
            let mask = constraint.mask().clone();
            for token in 0..vocabulary.len() as u32 {
                // A constraint that goes on from the same place, byte by byte.
                let fits = match vocabulary.bytes(token) {
                    Some(bytes) => {
                        let step = |state, byte: &u8| constraint.automaton.step(state, *byte);
                        bytes.iter().fold(constraint.state, step) != StateId::DEAD
                    }
                    None => constraint.is_complete(),
                };
                prop_assert_eq!(mask.allows(token), fits, "token {}", token);
            }
            let token = mask.tokens().nth(usize::from(pick) % mask.count()).unwrap();
            if vocabulary.is_end(token) {
                break;
            }
            constraint.accept(token).unwrap();
        }
    }

    #[test]
    fn any_json_is_accepted_as_it_is_written(value in json_value()) {
        let grammar = Grammar::json().unwrap();
        for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert!(grammar.accepts(text.as_bytes()), "{text}");
            let cut = (0..text.len()).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let whole = serde_json::from_str::<Value>(&text[..cut]).is_ok();
            prop_assert_eq!(grammar.accepts(&text.as_bytes()[..cut]), whole);
        }
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e15..1e15f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

#[track_caller]
fn accepts(schema: Value, good: &[&str], bad: &[&str]) {
    let grammar = Grammar::from_schema(&schema).unwrap();
    for text in good {
        assert!(grammar.accepts(text.as_bytes()), "{text} fits {schema}");
    }
    for text in bad {
        assert!(
            !grammar.accepts(text.as_bytes()),
            "{text} does not fit {schema}"
        );
    }
}

#[test]
fn properties_come_in_any_order_and_once() {
    let schema = json!({
        "type": "object",
        "properties": { "a": { "type": "integer" }, "ab": { "type": "string" } },
        "required": ["a"],
    });
    accepts(
        schema,
        &[
            r#"{"a":1}"#,
            r#"{"ab": "", "a": 1}"#,
            "{\n  \"a\": 1,\n  \"ab\": \"x\"\n}",
        ],
        &[
            "{}",
            r#"{"ab":""}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"b":2}"#,
            r#"{"a":"1"}"#,
            r#"{"a":1,}"#,
        ],
    );
}

#[test]
fn other_keys_cannot_spell_a_declared_one() {
    let schema = json!({
        "type": "object",
        "properties": { "a": { "type": "integer" }, "gone": false },
        "additionalProperties": { "type": "string" },
    });
    accepts(
        schema,
        &[r#"{"b":"x","aa":"y","gon":"z"}"#, r#"{"a":1}"#],
        &[
            r#"{"a":"x"}"#,
            r#"{"\u0061":"x"}"#,
            r#"{"gone":"x"}"#,
            r#"{"b":1}"#,
        ],
    );
}

#[test]
fn lengths_are_counted_in_characters() {
    accepts(
        json!({ "type": "string", "minLength": 2, "maxLength": 2 }),
        &[
            r#""ab""#,
            r#""日本""#,
            r#""\n\"""#,
            r#""\ud83d\ude00x""#,
            "\"😀x\"",
        ],
        &[r#""a""#, r#""abc""#, r#""\ud83d\ude00""#, r#""日""#],
    );
}

#[test]
fn nesting_and_blanks_are_bounded() {
    let grammar = Grammar::json().unwrap();
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(grammar.accepts(nested(96).as_bytes()));
    assert!(!grammar.accepts(nested(97).as_bytes()));
    assert!(!grammar.accepts(format!("[{}1]", " ".repeat(200)).as_bytes()));
}

#[test]
fn numbers_keep_their_bounds() {
    accepts(
        json!({ "type": "number", "minimum": 0.57, "maximum": 100 }),
        &["0.57", "1", "99.999", "100", "100.0"],
        &["0.569999", "100.1", "-1", "1e1", "101", "0.5"],
    );
    accepts(
        json!({ "type": "integer", "exclusiveMinimum": 5, "maximum": 10 }),
        &["6", "10"],
        &["5", "11", "60", "6.0"],
    );
}

#[track_caller]
fn refused(schema: Value, path: &str) {
    let error = Grammar::from_schema(&schema).err();
    let error = error.unwrap_or_else(|| panic!("{schema} must be refused"));
    assert_eq!(error.path, path, "{error}");
}

#[test]
fn what_is_not_enforced_is_refused_by_name() {
    refused(
        json!({ "properties": { "a/b": { "type": "string", "pattern": "^x" } } }),
        "#/properties/a~1b/pattern",
    );
    refused(
        json!({ "type": "array", "uniqueItems": true }),
        "#/uniqueItems",
    );
    refused(
        json!({ "type": "array", "items": { "contains": {} } }),
        "#/items/contains",
    );
    refused(
        json!({ "type": "object", "patternProperties": {} }),
        "#/patternProperties",
    );
    refused(
        json!({ "type": "object", "propertyNames": {} }),
        "#/propertyNames",
    );
    refused(json!({ "not": {} }), "#/not");
    refused(json!({ "if": {} }), "#/if");
    refused(json!({ "allOf": [{}, {}] }), "#/allOf");
    refused(
        json!({ "type": "number", "multipleOf": 0.5 }),
        "#/multipleOf",
    );
    refused(json!({ "anyOf": [{}], "required": ["a"] }), "#/anyOf");
    refused(
        json!({ "$ref": "#/$defs/a", "maxLength": 3, "$defs": { "a": {} } }),
        "#/$ref",
    );
    refused(json!({ "$ref": "#/nowhere" }), "#/$ref");
    refused(json!({ "$ref": "https://example.com/schema" }), "#/$ref");
    refused(
        json!({ "oneOf": [{ "type": "integer" }, { "type": "number" }] }),
        "#/oneOf/1",
    );
    refused(
        json!({ "oneOf": [{ "const": [1] }, { "const": [1.0] }] }),
        "#/oneOf/1",
    );
    refused(
        json!({ "type": "object", "additionalProperties": true, "minProperties": 1 }),
        "#/minProperties",
    );
    refused(json!({ "type": "text" }), "#/type");
    refused(json!({ "nullable": true }), "#/nullable");
    refused(json!(7), "#");
}

#[test]
fn what_nothing_fits_is_refused() {
    refused(json!(false), "#");
    refused(json!({ "type": "string", "enum": [1] }), "#/enum");
    refused(
        json!({ "type": "integer", "minimum": 3, "maximum": 2 }),
        "#",
    );
    refused(
        json!({ "required": ["a"], "additionalProperties": false }),
        "#/required",
    );
    // It would have to go on for ever.
    refused(
        json!({ "properties": { "next": { "$ref": "#" } }, "required": ["next"] }),
        "#",
    );
    refused(json!({ "$ref": "#" }), "#");
    refused(json!({ "anyOf": [{ "$ref": "#" }] }), "#");
}

#[test]
fn a_hostile_schema_is_refused_soon() {
    let mut deep = json!({});
    for _ in 0..200 {
        deep = json!({ "type": "array", "items": deep });
    }
    let started = Instant::now();
    assert!(Grammar::from_schema(&deep).is_err());
    // Alternatives of alternatives of itself.
    let wide: Vec<Value> = (0..60).map(|_| json!({ "$ref": "#" })).collect();
    assert!(Grammar::from_schema(&json!({ "anyOf": wide })).is_err());
    let mut schema = json!({ "$defs": {} });
    for level in 0..40 {
        let next = json!({ "$ref": format!("#/$defs/{}", level + 1) });
        schema["$defs"][level.to_string()] =
            json!({ "anyOf": [next, next, { "type": "array", "items": next }] });
    }
    schema["$defs"]["40"] = json!({ "type": "null" });
    schema["$ref"] = json!("#/$defs/0");
    let grammar = Grammar::from_schema(&schema).unwrap();
    assert!(grammar.accepts(b"[[[[null]]]]"));
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn an_end_is_allowed_only_where_the_text_is_whole() {
    let vocabulary = vocabulary();
    let end = vocabulary.ends()[0];
    let mut constraint = Constraint::new(&Grammar::json_object().unwrap(), Arc::clone(&vocabulary));
    assert_eq!(constraint.accept(end), Err(Rejected(end)));
    for byte in b"{\"a\":12" {
        constraint.accept(u32::from(*byte)).unwrap();
        assert!(!constraint.mask().allows(end) && !constraint.must_end());
    }
    constraint.accept(u32::from(b'}')).unwrap();
    assert!(constraint.must_end() && constraint.is_complete());
    assert_eq!(constraint.mask().tokens().collect::<Vec<_>>(), [end]);
    constraint.accept(end).unwrap();
    assert_eq!(
        constraint.accept(u32::from(b' ')),
        Err(Rejected(u32::from(b' ')))
    );
}

/// 150,000 tokens as byte-level BPE makes them of English, code and other scripts.
fn large_vocabulary() -> Arc<Vocabulary> {
    let mut state = 1u64;
    let mut random = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut longer = std::collections::BTreeSet::new();
    while longer.len() < 150_000 {
        let length = 2 + random(9);
        let kind = random(20);
        let mut token = String::new();
        if random(2) == 0 {
            token.push(' ');
        }
        for _ in 0..length {
            let letter = match kind {
                0..=13 => char::from(b'a' + random(26) as u8),
                14 => char::from(b' ' + random(95) as u8),
                15 => ['\n', '\t', ' ', '}', ']', '"', ';', ')'][random(8) as usize],
                16..=17 => char::from_u32(0x4e00 + random(5_000) as u32).unwrap(),
                _ => char::from_u32(0x400 + random(90) as u32).unwrap(),
            };
            token.push(letter);
        }
        let mut bytes = token.into_bytes();
        // Some tokens end within a character.
        if kind >= 16 && random(4) == 0 {
            bytes.pop();
        }
        longer.insert(bytes);
    }
    longer.extend(["\"name\"", "\"other\""].map(|key| key.as_bytes().to_vec()));
    let tokens: Vec<Vec<u8>> = (0..=255u8).map(|byte| vec![byte]).chain(longer).collect();
    let end = tokens.len() as u32;
    Arc::new(Vocabulary::new(
        tokens.into_iter().map(Some).chain([None]),
        &[end],
    ))
}

/// The budget is a millisecond in an optimised build on an idle core (`benches/local_text.rs`); here
/// the code is at opt-level 1, beside other tests.
#[test]
fn a_mask_of_a_large_vocabulary_costs_little() {
    let vocabulary = large_vocabulary();
    let mut times = Vec::new();
    for schema in schemas() {
        let grammar = Grammar::from_schema(&schema).unwrap();
        for seed in 0..4u16 {
            let picks: Vec<u16> = (0..60)
                .map(|step: u16| step.wrapping_mul(7_919).wrapping_add(seed * 311))
                .collect();
            walk(&grammar, &vocabulary, &picks, &mut |time| times.push(time));
        }
    }
    times.sort_unstable();
    let median = times[times.len() / 2];
    assert!(
        median < Duration::from_millis(5),
        "median {median:?} of {} masks",
        times.len()
    );
}
