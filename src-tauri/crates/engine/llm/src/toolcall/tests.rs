use proptest::prelude::*;

use super::*;
use crate::grammar::Grammar;

fn tools() -> Vec<Tool> {
    let parameters = json!({
        "type": "object",
        "properties": { "at": { "$ref": "#/$defs/place" } },
        "required": ["at"],
        "$defs": { "place": { "type": "string" } },
    });
    let Value::Object(parameters) = parameters else {
        unreachable!()
    };
    let tool = |name: &str| Tool {
        name: name.into(),
        description: String::new(),
        parameters: parameters.clone(),
    };
    vec![tool("look"), tool("go")]
}

fn read(style: Style, pieces: &[&str]) -> Vec<Piece> {
    let mut parser = Parser::new(style, &tools(), 5);
    let mut read: Vec<Piece> = Vec::new();
    let mut add = |pieces: Vec<Piece>| {
        for piece in pieces {
            match piece {
                Piece::Text(text) => emit(&mut read, &text),
                call => read.push(call),
            }
        }
    };
    for piece in pieces {
        add(parser.push(piece));
    }
    add(parser.end());
    read
}

/// Calls as `name {arguments}`, text in quotes.
fn shown(pieces: &[Piece]) -> Vec<String> {
    let show = |piece: &Piece| match piece {
        Piece::Text(text) => format!("{text:?}"),
        Piece::Call(call) => format!("{} {}", call.name, Value::Object(call.arguments.clone())),
    };
    pieces.iter().map(show).collect()
}

#[track_caller]
fn check(style: Style, text: &str, expected: &[&str]) {
    assert_eq!(shown(&read(style, &[text])), expected, "at once");
    let letters: Vec<String> = text.chars().map(String::from).collect();
    let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
    assert_eq!(shown(&read(style, &letters)), expected, "by letters");
}

#[test]
fn hermes_and_qwen() {
    check(
        Style::Hermes,
        "I look.\n<tool_call>\n{\"name\": \"look\", \"arguments\": {\"at\": \"</tool_call> }\\\"\"}}\n</tool_call>",
        &["\"I look.\\n\"", r#"look {"at":"</tool_call> }\""}"#],
    );
    check(
        Style::Hermes,
        "<tool_call>{\"name\": \"look\", \"arguments\": {}}</tool_call>\n<tool_call>{\"name\": \"go\", \"arguments\": \"{\\\"at\\\": 1}\"}</tool_call>\nDone",
        &["look {}", r#"go {"at":1}"#, "\"Done\""],
    );
    // Whole, though the closing tag is missing.
    check(
        Style::Hermes,
        "<tool_call>{\"name\": \"look\", \"arguments\": {}}",
        &["look {}"],
    );
    check(
        Style::Hermes,
        "<tool_call>{\"name\": \"look\", \"arguments\": {}}\n</tool",
        &["look {}"],
    );
}

#[test]
fn llama() {
    let call = r#"look {"at":"x"}"#;
    check(
        Style::Llama,
        r#"{"name": "look", "parameters": {"at": "x"}}"#,
        &[call],
    );
    check(
        Style::Llama,
        "\n<|python_tag|>{\"name\": \"look\", \"parameters\": {\"at\": \"x\"}}; {\"name\": \"go\", \"parameters\": {}}",
        &[call, "go {}"],
    );
    // Only at the start, and only tools that were offered: JSON may be an answer.
    check(
        Style::Llama,
        r#"So: {"name": "look", "parameters": {}}"#,
        &[r#""So: {\"name\": \"look\", \"parameters\": {}}""#],
    );
    check(
        Style::Llama,
        r#" {"name": "Ada", "parameters": {}} is JSON"#,
        &[r#"" {\"name\": \"Ada\", \"parameters\": {}} is JSON""#],
    );
    check(Style::Llama, "{name}", &["\"{name}\""]);
}

#[test]
fn mistral() {
    check(
        Style::Mistral,
        r#"[TOOL_CALLS] [{"name": "look", "arguments": {"at": "]"}}, {"name": "go", "arguments": {}, "id": "abc"}]"#,
        &[r#"look {"at":"]"}"#, "go {}"],
    );
    check(
        Style::Mistral,
        r#"Well [TOOL_CALLS]look[ARGS]{"at": "x"}[TOOL_CALLS]go{"at": 2}"#,
        &["\"Well \"", r#"look {"at":"x"}"#, r#"go {"at":2}"#],
    );
}

#[test]
fn what_is_no_call_is_text() {
    for (style, text) in [
        (Style::Hermes, "a <tool_call> is a tag"),
        (Style::Hermes, "<tool_call>{\"name\": 5}</tool_call>"),
        (
            Style::Hermes,
            "<tool_call>{\"name\": \"look\", \"arguments\": [1]}</tool_call>",
        ),
        (
            Style::Hermes,
            "<tool_call>{\"name\": \"look\", \"arguments\": {\"at\": ",
        ),
        (Style::Hermes, "<tool_ca"),
        (Style::Llama, "<|python_tag|>print(1)"),
        (Style::Llama, "{\"name\": \"look\", \"param"),
        (Style::Llama, "<|py"),
        (Style::Mistral, "[TOOL_CALLS] [{\"name\": \"look\"}, 5]"),
        (Style::Mistral, "[TOOL_CALLS] and more"),
        (Style::Mistral, "[TOOL_CALLS]look[AR"),
        (
            Style::None,
            "<tool_call>{\"name\": \"look\", \"arguments\": {}}</tool_call>",
        ),
    ] {
        check(style, text, &[&format!("{text:?}")]);
    }
}

#[test]
fn text_before_a_call_does_not_wait_for_it() {
    let mut parser = Parser::new(Style::Hermes, &tools(), 0);
    assert_eq!(parser.push("Let me <to"), [Piece::Text("Let me ".into())]);
    assert_eq!(parser.push("ast> it"), [Piece::Text("<toast> it".into())]);
}

#[test]
fn ids_are_nine_letters_and_differ() {
    let ids: std::collections::BTreeSet<String> = (0..40)
        .flat_map(|salt| (0..25).map(move |call| call_id(salt, call)))
        .collect();
    assert_eq!(ids.len(), 1_000);
    assert!(
        ids.iter()
            .all(|id| id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric()))
    );
}

#[test]
fn a_forced_call_is_one_that_the_parser_reads() {
    for (style, call) in [
        (Style::Hermes, r#"{"name": "go", "arguments": {"at": "x"}}"#),
        (Style::Llama, r#"{"name": "go", "parameters": {"at": "x"}}"#),
        (
            Style::Mistral,
            r#"[{"name": "go", "arguments": {"at": "x"}}]"#,
        ),
    ] {
        let (open, schema) = style.forced(&tools()).unwrap();
        let grammar = Grammar::from_schema(&schema).unwrap();
        assert!(grammar.accepts(call.as_bytes()), "{call}");
        assert!(!grammar.accepts(call.replace("\"x\"", "5").as_bytes()));
        assert!(!grammar.accepts(call.replace("go", "fly").as_bytes()));
        check(style, &format!("{open}{call}"), &[r#"go {"at":"x"}"#]);
    }
}

proptest! {
    #[test]
    fn pieces_do_not_matter_and_no_text_is_lost(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<tool_call>", "</tool_call>", "{\"name\": \"look\", \"arguments\": {}}", "{", "}", "[", "]", "\"",
            "<|python_tag|>", "[TOOL_CALLS]", "[ARGS]", "look", " ", ";", "ü", "\\", "{\"name\": \"go\", \"parameters\": {\"a\": 1}}",
        ]), 0..9),
        cuts in prop::collection::vec(1usize..9, 1..12),
    ) {
        let text = parts.concat();
        let chars: Vec<char> = text.chars().collect();
        let (mut pieces, mut at, mut cuts) = (Vec::new(), 0, cuts.iter().cycle());
        while at < chars.len() {
            let end = (at + cuts.next().unwrap()).min(chars.len());
            pieces.push(chars[at..end].iter().collect::<String>());
            at = end;
        }
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        for style in [Style::Hermes, Style::Llama, Style::Mistral] {
            let whole = read(style, &[&text]);
            prop_assert_eq!(&read(style, &pieces), &whole);
            if whole.iter().all(|piece| matches!(piece, Piece::Text(_))) {
                let text_again: String = whole.iter().map(|piece| match piece {
                    Piece::Text(text) => text.as_str(),
                    Piece::Call(_) => "",
                }).collect();
                prop_assert_eq!(text_again, text.clone());
            }
        }
    }
}
