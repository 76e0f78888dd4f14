//! What a tool of another server answered, within bounds.

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Text of one answer, in bytes, structured content included.
const MOST_TEXT: usize = 256 << 10;
/// Base64 of one answer, in bytes. Answers are kept with their jobs: bigger media belong in files.
const MOST_DATA: usize = 1 << 20;
const MOST_PARTS: usize = 100;

/// An answer as operations give it.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// The tool says that it failed; `content` tells why.
    pub(crate) is_error: bool,
    pub(crate) content: Vec<ToolPart>,
    /// The answer as the tool's output schema describes it.
    pub(crate) structured: Option<Value>,
    /// Something was left out because it was too big.
    pub(crate) truncated: bool,
}

/// A piece of an answer.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToolPart {
    Text {
        text: String,
    },
    /// A picture, sound or file in Base64.
    Data {
        media_type: String,
        data: String,
        uri: Option<String>,
    },
    Link {
        uri: String,
        name: Option<String>,
        media_type: Option<String>,
    },
    /// Was too big.
    Omitted {
        media_type: String,
        bytes: usize,
    },
}

/// Takes over what fits; `structured` that does not fit is left out as a whole.
pub(crate) fn answer(result: CallToolResult) -> Answer {
    let mut room = Room {
        text: MOST_TEXT,
        data: MOST_DATA,
        truncated: result.content.len() > MOST_PARTS,
    };
    let structured = result
        .structured_content
        .filter(|value| room.takes(value.to_string().len()));
    let content = result
        .content
        .into_iter()
        .take(MOST_PARTS)
        .map(|block| room.part(block))
        .collect();
    Answer {
        is_error: result.is_error == Some(true),
        content,
        structured,
        truncated: room.truncated,
    }
}

struct Room {
    text: usize,
    data: usize,
    truncated: bool,
}

impl Room {
    fn takes(&mut self, bytes: usize) -> bool {
        let fits = bytes <= self.text;
        if fits {
            self.text -= bytes;
        } else {
            self.truncated = true;
        }
        fits
    }

    fn part(&mut self, block: ContentBlock) -> ToolPart {
        match block {
            ContentBlock::Text(text) => self.text(text.text),
            ContentBlock::Image(image) => self.data(image.mime_type, image.data, None),
            ContentBlock::Audio(audio) => self.data(audio.mime_type, audio.data, None),
            ContentBlock::Resource(embedded) => match embedded.resource {
                ResourceContents::TextResourceContents { text, .. } => self.text(text),
                ResourceContents::BlobResourceContents {
                    uri,
                    mime_type,
                    blob,
                    ..
                } => self.data(mime_type.unwrap_or_else(binary), blob, Some(cut(uri))),
                _ => self.unknown(),
            },
            ContentBlock::ResourceLink(link) => ToolPart::Link {
                uri: cut(link.uri),
                name: Some(cut(link.title.unwrap_or(link.name))),
                media_type: link.mime_type.map(cut),
            },
            _ => self.unknown(),
        }
    }

    fn text(&mut self, mut text: String) -> ToolPart {
        if text.len() > self.text {
            self.truncated = true;
            text.truncate(text.floor_char_boundary(self.text));
        }
        self.text -= text.len();
        ToolPart::Text { text }
    }

    fn data(&mut self, media_type: String, data: String, uri: Option<String>) -> ToolPart {
        let media_type = cut(media_type);
        if data.len() > self.data {
            self.truncated = true;
            // Four characters are three bytes.
            let bytes = data.len() / 4 * 3;
            return ToolPart::Omitted { media_type, bytes };
        }
        self.data -= data.len();
        ToolPart::Data {
            media_type,
            data,
            uri,
        }
    }

    /// Kinds of content that a later revision may bring.
    fn unknown(&mut self) -> ToolPart {
        self.truncated = true;
        ToolPart::Omitted {
            media_type: binary(),
            bytes: 0,
        }
    }
}

fn binary() -> String {
    "application/octet-stream".to_owned()
}

/// Addresses and names are short, or cut.
fn cut(mut text: String) -> String {
    const LONGEST: usize = 2_000;
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_that_fits_is_taken_over() {
        let mut result = CallToolResult::success(vec![
            ContentBlock::text("hi"),
            ContentBlock::image("AAAA", "image/png"),
            ContentBlock::resource(ResourceContents::text("x", "a:b")),
            ContentBlock::resource(ResourceContents::blob("AAAA", "a:b")),
        ]);
        result.structured_content = Some(json!({ "n": 1 }));
        let answer = answer(result);
        assert!(!answer.is_error && !answer.truncated);
        assert_eq!(answer.structured, Some(json!({ "n": 1 })));
        let kinds: Vec<Value> = answer
            .content
            .iter()
            .map(|part| serde_json::to_value(part).unwrap()["type"].clone())
            .collect();
        assert_eq!(kinds, ["text", "data", "text", "data"]);
    }

    #[test]
    fn a_flood_is_cut() {
        let mut blocks = vec![
            ContentBlock::text("ü".repeat(MOST_TEXT)),
            ContentBlock::text("x"),
        ];
        blocks.push(ContentBlock::image("A".repeat(MOST_DATA + 4), "image/png"));
        blocks.extend((0..1000).map(|_| ContentBlock::text("y")));
        let mut result = CallToolResult::error(blocks);
        result.structured_content = Some(json!("z".repeat(MOST_TEXT)));
        let answer = answer(result);
        assert!(answer.is_error && answer.truncated);
        assert_eq!(answer.structured, None);
        assert_eq!(answer.content.len(), MOST_PARTS);
        assert!(serde_json::to_string(&answer).unwrap().len() < 2 * MOST_TEXT);
        let omitted = &answer.content[2];
        assert!(
            matches!(omitted, ToolPart::Omitted { bytes: 786_435, .. }),
            "{omitted:?}"
        );
    }
}
