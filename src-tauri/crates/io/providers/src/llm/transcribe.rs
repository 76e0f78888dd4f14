//! Sound to words, at providers that speak OpenAI's `/audio/transcriptions`.

use studio_llm::chat::{ChatError, Usage};

use super::http::whole_text;
use super::refusal::Origin;
use super::{Client, Endpoint, Protocol};

/// A file of sound with what is asked about it.
#[derive(Clone, Debug, Default)]
pub struct Sound {
    /// Its name with the ending, by which providers tell the format.
    pub name: String,
    pub bytes: Vec<u8>,
    /// Fields of the form beside the file and the model, such as `language`.
    pub fields: Vec<(String, String)>,
}

/// What was said, as the provider wrote it: JSON, or text with or without times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    pub media_type: String,
    pub body: String,
    /// Absent where it is paid by the minute.
    pub usage: Option<Usage>,
}

impl Client {
    /// Has `model` write down what is said in `sound`.
    pub async fn transcribe(
        &self,
        endpoint: &Endpoint,
        model: &str,
        sound: &Sound,
    ) -> Result<Transcript, ChatError> {
        if !matches!(
            endpoint.protocol,
            Protocol::OpenAi | Protocol::OpenAiResponses
        ) {
            let origin = Origin::of(endpoint);
            return Err(origin.bad_request("it writes nothing down; choose another provider"));
        }
        let boundary = uuid::Uuid::new_v4().simple().to_string();
        let body = form(&boundary, model, sound);
        let kind = format!("multipart/form-data; boundary={boundary}");
        let request = self.post_bytes(endpoint, "/audio/transcriptions", &kind, body);
        let (media_type, body) = whole_text(request, endpoint).await?;
        Ok(Transcript {
            usage: usage(&body),
            media_type,
            body,
        })
    }
}

/// The form, as RFC 7578 has it.
fn form(boundary: &str, model: &str, sound: &Sound) -> Vec<u8> {
    let mut form = Vec::with_capacity(sound.bytes.len() + 1024);
    let model = ("model".to_owned(), model.to_owned());
    for (name, value) in sound.fields.iter().chain([&model]) {
        let name = quoted(name);
        form.extend_from_slice(
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
            .as_bytes(),
        );
    }
    let name = quoted(&sound.name);
    form.extend_from_slice(
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .as_bytes(),
    );
    form.extend_from_slice(&sound.bytes);
    form.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    form
}

/// A name that cannot end its quotes or its line.
fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The tokens of an answer that tells them.
fn usage(body: &str) -> Option<Usage> {
    let answer: serde_json::Value = serde_json::from_str(body).ok()?;
    let count = |name: &str| answer["usage"][name].as_u64();
    Some(Usage {
        input_tokens: count("input_tokens")?,
        output_tokens: count("output_tokens")?,
        ..Usage::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_carries_the_file_as_it_is_and_no_name_breaks_out() {
        let sound = Sound {
            name: "a\"\r\nb.wav".into(),
            bytes: b"RIFF\r\n--x".to_vec(),
            fields: vec![("language".into(), "en".into())],
        };
        let form = String::from_utf8(form("B", "whisper-1", &sound)).unwrap();
        assert!(
            form.contains("name=\"language\"\r\n\r\nen\r\n--B\r\n"),
            "{form}"
        );
        assert!(
            form.contains("name=\"model\"\r\n\r\nwhisper-1\r\n--B\r\n"),
            "{form}"
        );
        assert!(form.contains("filename=\"a%22%0D%0Ab.wav\""), "{form}");
        assert!(form.ends_with("\r\n\r\nRIFF\r\n--x\r\n--B--\r\n"), "{form}");
    }

    #[test]
    fn tokens_are_taken_where_they_are_told() {
        let told = r#"{"text":"x","usage":{"type":"tokens","input_tokens":14,"output_tokens":4}}"#;
        assert_eq!(
            usage(told).map(|usage| (usage.input_tokens, usage.output_tokens)),
            Some((14, 4))
        );
        assert_eq!(
            usage(r#"{"text":"x","usage":{"type":"duration","seconds":3}}"#),
            None
        );
        assert_eq!(usage("1\n00:00"), None);
    }
}
