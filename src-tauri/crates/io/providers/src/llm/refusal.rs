//! What goes wrong at a provider, as a [`ChatError`] of the right class.
//!
//! Providers agree on little: the class comes from the HTTP status, from the code words of the error
//! object, and, where those say nothing, from the message. Every text passes [`Origin`], which takes
//! the key out and keeps it short.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use studio_llm::chat::ChatError;

use super::{Endpoint, Secret};

/// Longest text of a provider that an error carries, in characters.
const LONGEST_DETAIL: usize = 400;

/// Who is spoken with: the maker of errors.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    provider: String,
    key: Option<Secret>,
}

/// What a provider says about why it does not answer.
#[derive(Debug, Default)]
struct Refusal {
    /// HTTP status; 0 where the error came in the midst of an answer without a number.
    status: u16,
    /// Its code words, in lower case, joined by spaces.
    words: String,
    message: String,
    retry_after: Option<Duration>,
}

impl Origin {
    pub(super) fn of(endpoint: &Endpoint) -> Origin {
        Origin {
            provider: endpoint.provider.clone(),
            key: endpoint.key.clone(),
        }
    }

    pub(super) fn protocol(&self, detail: impl AsRef<str>) -> ChatError {
        ChatError::Protocol {
            provider: self.provider.clone(),
            detail: self.clean(detail.as_ref()),
        }
    }

    pub(super) fn network(&self, detail: impl AsRef<str>) -> ChatError {
        ChatError::Network {
            provider: self.provider.clone(),
            detail: self.clean(detail.as_ref()),
        }
    }

    pub(super) fn bad_request(&self, detail: impl AsRef<str>) -> ChatError {
        ChatError::BadRequest {
            provider: self.provider.clone(),
            detail: self.clean(detail.as_ref()),
        }
    }

    pub(super) fn content_policy(&self, detail: impl AsRef<str>) -> ChatError {
        ChatError::ContentPolicy {
            provider: self.provider.clone(),
            detail: self.clean(detail.as_ref()),
        }
    }

    pub(super) fn timed_out(&self, phase: &'static str, after: Duration) -> ChatError {
        ChatError::TimedOut {
            provider: self.provider.clone(),
            phase,
            after,
        }
    }

    /// A frame of an answer as JSON. An error object in it, which comes in place of the answer, is the
    /// error.
    pub(super) fn json(&self, data: &str) -> Result<Value, ChatError> {
        let value: Value = serde_json::from_str(data)
            .map_err(|error| self.protocol(format!("not JSON ({error}): {data}")))?;
        match holds_error(&value) {
            true => Err(self.class(read(0, &value))),
            false => Ok(value),
        }
    }

    /// An error that came in the midst of an answer. `data` may be no JSON at all.
    pub(super) fn midway(&self, data: &str) -> ChatError {
        self.class(refusal(0, data))
    }

    /// An answer whose HTTP status is not a success.
    pub(super) fn refused(&self, status: u16, body: &str, wait: Option<Duration>) -> ChatError {
        let mut refusal = refusal(status, body);
        refusal.retry_after = wait.or(refusal.retry_after);
        self.class(refusal)
    }

    fn class(&self, refusal: Refusal) -> ChatError {
        let class = classify(&refusal);
        let detail = self.clean(&refusal.message);
        let provider = self.provider.clone();
        let retry_after = refusal.retry_after;
        match class {
            Class::Auth => ChatError::Auth { provider, detail },
            Class::Quota => ChatError::Quota { provider, detail },
            Class::ContextLength => ChatError::ContextLength { provider, detail },
            Class::ContentPolicy => ChatError::ContentPolicy { provider, detail },
            Class::UnknownModel => ChatError::UnknownModel { provider, detail },
            Class::BadRequest => ChatError::BadRequest { provider, detail },
            Class::Protocol => ChatError::Protocol { provider, detail },
            Class::RateLimited => ChatError::RateLimited {
                provider,
                detail,
                retry_after,
            },
            Class::Overloaded => ChatError::Overloaded {
                provider,
                detail,
                retry_after,
            },
        }
    }

    /// `text` in one short line, without the key.
    fn clean(&self, text: &str) -> String {
        let key = self.key.as_ref().map_or("", Secret::expose);
        let text = match key {
            "" => text.to_owned(),
            key => text.replace(key, "***"),
        };
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(LONGEST_DETAIL) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }
}

/// How long a provider asks to wait by its headers: `retry-after-ms`, or `retry-after` in seconds or
/// as an HTTP date (RFC 9110, 10.2.3; the obsolete forms of dates are not read).
pub(super) fn retry_after(
    millis: Option<&str>,
    after: Option<&str>,
    now: Timestamp,
) -> Option<Duration> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    if let Some(millis) = millis.and_then(number) {
        return Duration::try_from_secs_f64(millis / 1000.0).ok();
    }
    let after = after?.trim();
    if let Some(secs) = number(after) {
        return Duration::try_from_secs_f64(secs).ok();
    }
    let date = jiff::fmt::rfc2822::parse(after).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

enum Class {
    Auth,
    RateLimited,
    Quota,
    Overloaded,
    ContextLength,
    ContentPolicy,
    UnknownModel,
    BadRequest,
    Protocol,
}

/// Code words, the first match wins. Underscores only where the provider writes them.
const WORDS: &[(&str, Class)] = &[
    ("insufficient_quota", Class::Quota),
    ("billing", Class::Quota),
    ("insufficient_credits", Class::Quota),
    ("context_length", Class::ContextLength),
    ("exceed_context_size", Class::ContextLength),
    ("request_too_large", Class::ContextLength),
    ("content_policy", Class::ContentPolicy),
    ("content_filter", Class::ContentPolicy),
    ("responsibleaipolicyviolation", Class::ContentPolicy),
    ("invalid_prompt", Class::ContentPolicy),
    ("invalid_api_key", Class::Auth),
    ("api_key_invalid", Class::Auth),
    ("authentication", Class::Auth),
    ("unauthenticated", Class::Auth),
    ("permission", Class::Auth),
    ("model_not_found", Class::UnknownModel),
    ("not_found", Class::UnknownModel),
    ("rate_limit", Class::RateLimited),
    ("resource_exhausted", Class::RateLimited),
    ("too_many_requests", Class::RateLimited),
    ("overloaded", Class::Overloaded),
    ("server_error", Class::Overloaded),
    ("api_error", Class::Overloaded),
    ("unavailable", Class::Overloaded),
    ("internal", Class::Overloaded),
    ("timeout", Class::Overloaded),
    ("deadline_exceeded", Class::Overloaded),
];

/// What messages say where the code words are as general as `invalid_request_error`.
const PHRASES: &[(&str, Class)] = &[
    ("credit balance is too low", Class::Quota),
    ("maximum context length", Class::ContextLength),
    ("context window", Class::ContextLength),
    ("context size", Class::ContextLength),
    ("exceeds the context", Class::ContextLength),
    ("prompt is too long", Class::ContextLength),
    ("input token count", Class::ContextLength),
    ("content management policy", Class::ContentPolicy),
    ("content policy", Class::ContentPolicy),
    ("content filtering policy", Class::ContentPolicy),
    ("usage policy", Class::ContentPolicy),
    ("flagged", Class::ContentPolicy),
    ("api key not valid", Class::Auth),
    ("is not a valid model", Class::UnknownModel),
];

fn classify(refusal: &Refusal) -> &'static Class {
    let found = |table: &'static [(&str, Class)], text: &str| {
        let mut rows = table.iter();
        rows.find(|(words, _)| text.contains(words))
            .map(|(_, class)| class)
    };
    let message = refusal.message.to_lowercase();
    let by_words = || found(WORDS, &refusal.words);
    let by_message = || found(PHRASES, &message);
    match refusal.status {
        300..400 => &Class::Protocol,
        401 => &Class::Auth,
        402 => &Class::Quota,
        413 => &Class::ContextLength,
        // The status is sure; only these words say more.
        403 => by_message()
            .filter(|class| matches!(class, Class::ContentPolicy))
            .unwrap_or(&Class::Auth),
        404 => &Class::UnknownModel,
        429 => by_words()
            .filter(|class| matches!(class, Class::Quota))
            .unwrap_or(&Class::RateLimited),
        408 | 409 => &Class::Overloaded,
        // Local servers answer 500 to a conversation that is too long.
        500.. => [by_words(), by_message()]
            .into_iter()
            .flatten()
            .find(|class| matches!(class, Class::ContextLength))
            .unwrap_or(&Class::Overloaded),
        400.. => by_message().or_else(by_words).unwrap_or(&Class::BadRequest),
        _ if refusal.words.contains("invalid_") => {
            by_message().or_else(by_words).unwrap_or(&Class::BadRequest)
        }
        _ => by_words().or_else(by_message).unwrap_or(&Class::Overloaded),
    }
}

fn refusal(status: u16, body: &str) -> Refusal {
    match serde_json::from_str::<Value>(body) {
        Ok(value) if holds_error(&value) || value.is_object() || value.is_array() => {
            read(status, &value)
        }
        _ => Refusal {
            status,
            message: match body.trim() {
                "" => format!("HTTP {status} without a word"),
                text if text.starts_with('<') => {
                    format!("HTTP {status} with a web page{}", title(text))
                }
                text => text.to_owned(),
            },
            ..Refusal::default()
        },
    }
}

fn holds_error(value: &Value) -> bool {
    let first = value.get(0).unwrap_or(value);
    first.get("error").is_some_and(|error| !error.is_null()) || first["type"] == "error"
}

/// Reads the error objects of OpenAI and its kin (`error.type`, `.code`), Anthropic (`error.type`),
/// Google (`error.status`, `.details`, or a list of those) and Ollama (`error` is the message).
fn read(status: u16, value: &Value) -> Refusal {
    let whole = value.get(0).unwrap_or(value);
    let error = match whole.get("error") {
        Some(error) if !error.is_null() => error,
        _ => whole,
    };
    let mut words = Vec::new();
    for field in ["type", "code", "status"] {
        words.extend(error[field].as_str());
    }
    let details = error["details"].as_array().map_or(&[][..], Vec::as_slice);
    words.extend(
        details
            .iter()
            .filter_map(|detail| detail["reason"].as_str()),
    );
    let wait = details
        .iter()
        .find_map(|detail| detail["retryDelay"].as_str());
    let number = error["code"]
        .as_u64()
        .and_then(|code| u16::try_from(code).ok());
    let texts = [
        &error["message"],
        &whole["message"],
        &whole["detail"],
        error,
    ];
    let message = texts.into_iter().find_map(Value::as_str);
    Refusal {
        status: match status {
            0 => number.filter(|code| (400..600).contains(code)).unwrap_or(0),
            status => status,
        },
        words: words.join(" ").to_lowercase(),
        message: message.map_or_else(|| error.to_string(), str::to_owned),
        // Google writes durations as `34s` or `34.5s`.
        retry_after: wait
            .and_then(|wait| wait.strip_suffix('s')?.parse().ok())
            .and_then(|secs| Duration::try_from_secs_f64(secs).ok()),
    }
}

/// The title of a web page, in quotes.
fn title(page: &str) -> String {
    let title = page
        .split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"));
    title.map_or_else(String::new, |(title, _)| format!(" (“{}”)", title.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin {
            provider: "Acme".to_owned(),
            key: Some(Secret::new("sk-secret-1")),
        }
    }

    #[track_caller]
    fn check(status: u16, body: &str, class: &str) {
        let error = origin().refused(status, body, None);
        assert_eq!(error.class(), class, "{status} {body}: {error}");
    }

    #[test]
    fn statuses_and_bodies_become_classes() {
        check(
            401,
            r#"{"error":{"message":"Incorrect API key","code":"invalid_api_key"}}"#,
            "auth",
        );
        check(
            403,
            r#"{"error":{"type":"permission_error","message":"no"}}"#,
            "auth",
        );
        check(
            403,
            r#"{"error":{"code":403,"message":"Your input was flagged"}}"#,
            "content_policy",
        );
        check(
            402,
            r#"{"error":{"code":402,"message":"Insufficient credits"}}"#,
            "quota",
        );
        check(
            429,
            r#"{"error":{"message":"Slow down","type":"requests"}}"#,
            "rate_limited",
        );
        check(
            429,
            r#"{"error":{"message":"…","code":"insufficient_quota"}}"#,
            "quota",
        );
        check(
            400,
            r#"{"error":{"type":"invalid_request_error","message":"Your credit balance is too low to access"}}"#,
            "quota",
        );
        check(
            400,
            r#"{"error":{"code":"context_length_exceeded","message":"too long"}}"#,
            "context_length",
        );
        check(
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 2 tokens > 1 maximum"}}"#,
            "context_length",
        );
        check(
            400,
            r#"[{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"The input token count (9) exceeds the maximum"}}]"#,
            "context_length",
        );
        check(
            400,
            r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"API key not valid. Please pass a valid API key."}}"#,
            "auth",
        );
        check(
            400,
            r#"{"error":{"code":"content_policy_violation","message":"…"}}"#,
            "content_policy",
        );
        check(
            400,
            r#"{"error":{"type":"invalid_request_error","message":"temperature: too hot"}}"#,
            "bad_request",
        );
        check(404, r#"{"error":"model 'x' not found"}"#, "unknown_model");
        check(422, r#"{"detail":"stop: too many"}"#, "bad_request");
        check(
            500,
            r#"{"error":"the input length exceeds the context length"}"#,
            "context_length",
        );
        check(
            529,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            "overloaded",
        );
        check(
            502,
            "<html><title>502 Bad Gateway</title></html>",
            "overloaded",
        );
        check(503, "", "overloaded");
        check(308, "", "protocol");
    }

    #[test]
    fn errors_midway_have_the_class_of_their_words() {
        let class = |data: &str| origin().json(data).unwrap_err().class();
        assert_eq!(
            class(r#"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#),
            "overloaded"
        );
        assert_eq!(
            class(r#"{"error":{"code":429,"message":"x"}}"#),
            "rate_limited"
        );
        assert_eq!(
            class(r#"{"type":"error","code":"rate_limit_exceeded","message":"x"}"#),
            "rate_limited"
        );
        assert_eq!(
            class(r#"{"error":{"type":"invalid_request_error","message":"x"}}"#),
            "bad_request"
        );
        assert_eq!(class(r#"{"error":"llama runner stopped"}"#), "overloaded");
        assert_eq!(class("{\"a\":"), "protocol");
        assert!(origin().json(r#"{"error":null}"#).is_ok());
        assert_eq!(origin().midway("out of memory").class(), "overloaded");
    }

    #[test]
    fn texts_are_short_and_without_the_key() {
        let error = origin().refused(401, "key sk-secret-1\n is wrong", None);
        assert_eq!(error.to_string(), "Acme refuses the key: key *** is wrong");
        let error = origin().refused(502, "<h1>é</h1>", None).to_string();
        assert_eq!(
            error,
            "Acme is overloaded or failing: HTTP 502 with a web page"
        );
        let long = origin().refused(500, &"é".repeat(5000), None).to_string();
        assert!(long.chars().count() < 500);
    }

    #[test]
    fn waits_come_as_seconds_dates_and_delays() {
        let now: Timestamp = "1994-11-06T08:49:00Z".parse().unwrap();
        let wait = |millis, after| retry_after(millis, after, now).map(|wait| wait.as_millis());
        assert_eq!(wait(None, Some("7")), Some(7000));
        assert_eq!(wait(Some("250"), Some("1")), Some(250));
        assert_eq!(
            wait(None, Some("Sun, 06 Nov 1994 08:49:37 GMT")),
            Some(37_000)
        );
        assert_eq!(wait(None, Some("Sun, 06 Nov 1994 08:48:37 GMT")), Some(0));
        assert_eq!(wait(None, Some("-1")), None);
        assert_eq!(wait(None, Some("soon")), None);
        let body = r#"{"error":{"code":429,"message":"x","details":[{"@type":"…RetryInfo","retryDelay":"34.5s"}]}}"#;
        let asked = origin().refused(429, body, None).retry_after();
        assert_eq!(asked, Some(Duration::from_millis(34_500)));
    }
}
