//! Which names this server answers to, and whose pages may call it.
//!
//! A page of another site reaches a local server in two ways: by its own name made to point here (DNS
//! rebinding: the `Host` is foreign), and by a request across origins (the `Origin` is foreign). Both
//! are refused before anything is looked at, token or not.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::problem::Refusal;
use crate::rates::words;

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
/// What pages of allowed origins may send and read beside what all may.
const SENT: &str = "authorization, content-type, prefer, x-request-id, x-studio-privacy, x-api-key, \
                    anthropic-version";
const READ: &str = "x-request-id, retry-after, ratelimit, ratelimit-policy";
/// Browsers may remember a preflight for so long, in seconds.
const REMEMBERED: &str = "600";

/// The names and origins that are let in.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// `http` or `https`.
    scheme: &'static str,
    hosts: Vec<String>,
    /// Whether any IP address will do: nobody can make a browser send a foreign one.
    addresses: bool,
    origins: Vec<String>,
}

impl Names {
    /// `hosts` and `origins` are lists separated by commas, as the settings have them.
    pub(crate) fn new(
        scheme: &'static str,
        beyond_loopback: bool,
        hosts: &[String],
        origins: &str,
    ) -> Names {
        let lower = |word: &str| word.trim_end_matches('/').to_ascii_lowercase();
        Names {
            scheme,
            hosts: hosts
                .iter()
                .flat_map(|list| words(list))
                .map(lower)
                .collect(),
            addresses: beyond_loopback,
            origins: words(origins).map(lower).collect(),
        }
    }

    /// The foreign origin that the answer must name, if the request comes from one that is allowed.
    pub(crate) fn check(&self, request: &Request) -> Result<Option<HeaderValue>, Refusal> {
        let host = host(request)?;
        if !self.knows(&host) {
            let message = format!("this server does not answer for the host `{host}`");
            let mut refusal = Refusal::forbidden(message);
            refusal.error.hint = Some("name it by --host or in the setting server.hosts".into());
            return Err(refusal);
        }
        let Some(origin) = request.headers().get(header::ORIGIN) else {
            return Ok(None);
        };
        let text = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        if text == format!("{}://{host}", self.scheme) {
            return Ok(None);
        }
        if self.origins.contains(&text) {
            return Ok(Some(origin.clone()));
        }
        Err(Refusal::forbidden(format!(
            "pages of `{text}` may not call this server"
        )))
    }

    fn knows(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        LOOPBACK.contains(&name)
            || self.hosts.iter().any(|known| known == name)
            || self.addresses && bare.parse::<std::net::IpAddr>().is_ok()
    }
}

/// Who the request is addressed to. HTTP/2 has it in the target, HTTP/1 in one `Host`; two that differ
/// are an attempt to be read differently by two servers.
fn host(request: &Request) -> Result<String, Refusal> {
    let mut named: Vec<String> = request
        .headers()
        .get_all(header::HOST)
        .iter()
        .map(|value| value.to_str().unwrap_or_default().to_ascii_lowercase())
        .collect();
    let target = request.uri().authority();
    named.extend(target.map(|authority| authority.as_str().to_ascii_lowercase()));
    named.dedup();
    match <[String; 1]>::try_from(named) {
        Ok([host]) => Ok(host),
        Err(named) if named.is_empty() => Err(Refusal::forbidden("the request names no host")),
        Err(_) => Err(Refusal::forbidden("the request names several hosts")),
    }
}

/// Whether a browser only asks if it may ask.
pub(crate) fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

pub(crate) fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, SENT),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
    ];
    (StatusCode::NO_CONTENT, headers, Body::empty()).into_response()
}

/// Lets the page at `origin` read the answer. Credentials are never allowed: tokens are sent by hand.
pub(crate) fn allow(response: &mut Response, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let named: [(HeaderName, &'static str); 2] = [
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, READ),
        (header::VARY, "origin"),
    ];
    for (name, value) in named {
        headers.append(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(beyond: bool) -> Names {
        let hosts = ["Studio.example, other.example".to_owned()];
        Names::new("https", beyond, &hosts, "https://page.example/")
    }

    fn request(host: &str, origin: Option<&str>) -> Request {
        let mut request = Request::builder().uri("/x").header("host", host);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        request.body(Body::empty()).unwrap()
    }

    #[test]
    fn only_names_of_this_server_are_answered() {
        let knows = |host: &str, beyond| names(beyond).check(&request(host, None)).is_ok();
        for good in [
            "localhost",
            "127.0.0.1:4750",
            "[::1]:80",
            "[::1]",
            "studio.example:443",
            "STUDIO.example",
        ] {
            assert!(knows(good, false), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "studio.example.evil.example",
            "::1",
            "10.0.0.7",
        ] {
            assert!(!knows(bad, false), "{bad}");
        }
        assert!(knows("10.0.0.7:4750", true) && knows("[fd00::7]:4750", true));
        assert!(!knows("evil.example", true), "a rebound name");
    }

    #[test]
    fn two_hosts_are_no_host() {
        let two = |uri: &str, hosts: &[&str]| {
            let mut request = Request::builder().uri(uri);
            for host in hosts {
                request = request.header("host", *host);
            }
            names(false).check(&request.body(Body::empty()).unwrap())
        };
        assert!(two("/x", &["localhost", "studio.example"]).is_err());
        assert!(two("https://evil.example/x", &["localhost"]).is_err());
        assert!(two("/x", &[]).is_err());
        assert!(two("https://localhost/x", &[]).is_ok(), "HTTP/2");
        assert!(two("https://localhost/x", &["localhost"]).is_ok());
    }

    #[test]
    fn pages_of_other_origins_are_refused_unless_they_are_listed() {
        let check = |origin: &str| names(false).check(&request("studio.example", Some(origin)));
        assert!(matches!(check("https://studio.example"), Ok(None)));
        assert!(matches!(check("https://page.example"), Ok(Some(_))));
        for bad in [
            "https://evil.example",
            "http://studio.example",
            "null",
            "",
            "https://page.example.evil.example",
            "http://page.example",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
