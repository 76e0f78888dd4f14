//! What attackers try on `av-studio serve`, one test each.

use std::process::Stdio;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use studio_testkit::{FakeProvider, Reply};
use studio_tests::{App, Server, repository, tone};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::models;

const SECRET: &str = "a shared secret of forty bytes, at least";
const PATIENCE: Duration = Duration::from_secs(20);

/// The secret of a new key with `scopes`.
async fn key(server: &Server, scopes: Value) -> String {
    let wanted = json!({ "name": "guest", "scopes": scopes });
    let made = server.call("keys.create", &wanted).await.1;
    made["secret"].as_str().expect("a secret").to_owned()
}

async fn status(server: &Server, path: &str, secret: &str, body: &Value) -> u16 {
    server.request(path, secret, body).await.status().as_u16()
}

/// A server that takes tokens of an issuer, and the private key that signs them (EdDSA).
struct Issued {
    server: Server,
    private: EncodingKey,
    public_pem: String,
    _app: App,
}

fn issued() -> Issued {
    let app = App::new();
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key pair");
    let file = |name: &str, text: &str| {
        let path = app.folder().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let public_pem = pair.public_key_pem();
    let settings = [
        "tokens.issuer=https://issuer.example".to_owned(),
        "tokens.audience=studio".to_owned(),
        format!("tokens.secret_file={}", file("secret", SECRET)),
        format!("tokens.public_key_file={}", file("public.pem", &public_pem)),
    ];
    let arguments: Vec<&str> = settings.iter().flat_map(|set| ["--set", set]).collect();
    let server = Server::start_with(&app, &arguments);
    let private = EncodingKey::from_ed_pem(pair.serialize_pem().as_bytes()).expect("a key");
    Issued {
        server,
        private,
        public_pem,
        _app: app,
    }
}

fn claims(changes: &Value) -> Value {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs() as i64;
    let mut claims = json!({ "iss": "https://issuer.example", "aud": "studio", "sub": "ann",
                             "exp": now + 600, "scope": "read" });
    for (claim, value) in changes.as_object().into_iter().flatten() {
        // Times are given from now on.
        let is_time = matches!(claim.as_str(), "exp" | "nbf");
        claims[claim] = match value.as_i64().filter(|_| is_time) {
            Some(secs) => json!(now + secs),
            None => value.clone(),
        };
    }
    claims
}

fn hs256(changes: &Value) -> String {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    encode(&Header::new(Algorithm::HS256), &claims(changes), &key).expect("a token")
}

async fn opens(server: &Server, token: &str) -> u16 {
    status(server, "/project/list", token, &json!({})).await
}

#[test]
fn the_time_that_a_wrong_key_takes_tells_nothing() {
    // Time itself cannot be measured here; how secrets are compared can be read.
    let read = |path: &str| {
        let path = repository().join("src-tauri/crates").join(path);
        std::fs::read_to_string(path).expect("a source file")
    };
    let guard = read("face/server/src/guard.rs");
    let uses: Vec<&str> = guard
        .lines()
        .filter(|line| line.contains("app.token"))
        .collect();
    assert!(
        !uses.is_empty()
            && uses
                .iter()
                .all(|line| line.contains(".ct_eq(app.token.as_bytes())")),
        "the owner's token is compared in constant time only: {uses:?}"
    );
    let keys = read("io/store/src/keys.rs");
    let find = keys.split("pub fn find").nth(1).expect("a look-up of keys");
    let find = find.split("\n    }\n").next().expect("its body");
    assert!(
        find.contains("WHERE digest = ?1") && find.contains("digest(secret)"),
        "a key is found by its digest, of which a guess controls nothing: {find}"
    );
}

#[tokio::test]
async fn a_jwt_cannot_choose_its_algorithm() {
    use base64::Engine as _;
    let issued = issued();
    let eddsa = encode(
        &Header::new(Algorithm::EdDSA),
        &claims(&json!({})),
        &issued.private,
    );
    assert_eq!(opens(&issued.server, &eddsa.expect("a token")).await, 200);
    assert_eq!(opens(&issued.server, &hs256(&json!({}))).await, 200);
    let public_as_secret = EncodingKey::from_secret(issued.public_pem.as_bytes());
    let confused = encode(
        &Header::new(Algorithm::HS256),
        &claims(&json!({})),
        &public_as_secret,
    );
    assert_eq!(
        opens(&issued.server, &confused.expect("a token")).await,
        401
    );
    let base64 = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    for algorithm in ["none", "NONE", "HS512", "RS256"] {
        let head = base64(&format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#));
        let token = format!("{head}.{}.", base64(&claims(&json!({})).to_string()));
        assert_eq!(opens(&issued.server, &token).await, 401, "{algorithm}");
    }
    let huge = format!("eyJ{}.{}.x", "A".repeat(20_000), "A".repeat(20_000));
    assert_eq!(opens(&issued.server, &huge).await, 401);
}

#[tokio::test]
async fn an_expired_jwt_opens_nothing() {
    let server = issued();
    assert_eq!(
        opens(&server.server, &hs256(&json!({ "exp": -60 }))).await,
        401
    );
    assert_eq!(
        opens(&server.server, &hs256(&json!({ "nbf": 60 }))).await,
        401
    );
    assert_eq!(
        opens(&server.server, &hs256(&json!({ "exp": null }))).await,
        401
    );
}

#[tokio::test]
async fn a_jwt_for_somebody_else_opens_nothing() {
    let server = issued().server;
    for wrong in [
        json!({ "aud": "mail" }),
        json!({ "aud": ["mail", "calendar"] }),
        json!({ "aud": null }),
        json!({ "iss": "https://evil.example" }),
    ] {
        assert_eq!(opens(&server, &hs256(&wrong)).await, 401, "{wrong}");
    }
    let both = hs256(&json!({ "aud": ["mail", "studio"] }));
    assert_eq!(opens(&server, &both).await, 200);
    let create = json!({ "name": "x" });
    let reader = hs256(&json!({}));
    assert_eq!(
        status(&server, "/project/create", &reader, &create).await,
        403
    );
    let scopeless = hs256(&json!({ "scope": "mail.send" }));
    assert_eq!(
        opens(&server, &scopeless).await,
        403,
        "let in, but to nothing"
    );
}

#[tokio::test]
async fn a_key_cannot_leave_its_folders_by_a_path() {
    let app = App::new();
    let secret = app.folder().join("secret.wav");
    tone(&secret, 440.0, 0.5, 0.2);
    let allowed = app.folder().join("allowed");
    std::fs::create_dir(&allowed).expect("a folder");
    tone(&allowed.join("open.wav"), 440.0, 0.5, 0.2);
    let project = app.project("Mine");
    let folders = format!("server.folders={allowed}");
    let server = Server::start_with(&app, &["--set", &folders]);
    let guest = key(&server, json!(["write"])).await;
    let probe = |path: String| json!({ "path": path });
    let up = format!("{project}/../../secret.wav");
    let through_nothing = format!("{project}/no/../../../secret.wav");
    for path in [
        secret.to_string(),
        up,
        through_nothing,
        "/etc/passwd".into(),
    ] {
        let answer = server
            .request("/audio/probe", &guest, &probe(path.clone()))
            .await;
        let code = answer.status().as_u16();
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(
            (code, &body["field"]),
            (403, &json!("/path")),
            "{path}: {body}"
        );
        let owner = server.call("audio.probe", &probe(path)).await.0;
        assert_ne!(owner, 403, "the owner may go anywhere");
    }
    let outside = json!({ "duration_secs": 1.0, "output": app.folder().join("planted.wav") });
    assert_eq!(
        status(&server, "/ambient/render", &guest, &outside).await,
        403
    );
    let elsewhere = json!({ "name": "x", "folder": app.folder().join("elsewhere") });
    assert_eq!(
        status(&server, "/project/create", &guest, &elsewhere).await,
        403
    );
    let other = json!({ "project": app.folder() });
    assert_eq!(status(&server, "/asset/list", &guest, &other).await, 403);

    let inside = probe(allowed.join("open.wav").to_string());
    assert_eq!(status(&server, "/audio/probe", &guest, &inside).await, 200);
    for name in [project.as_str(), "Mine"] {
        let named = json!({ "project": name });
        assert_eq!(
            status(&server, "/asset/list", &guest, &named).await,
            200,
            "{name}"
        );
    }
    let brought = reqwest::Client::new()
        .post(format!("{}/uploads?name=../../x.wav", server.url))
        .bearer_auth(&guest)
        .body(std::fs::read(&secret).expect("a file"))
        .send();
    let brought: Value = brought
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(
        status(
            &server,
            "/audio/probe",
            &guest,
            &json!({ "path": brought["path"] })
        )
        .await,
        200
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_key_cannot_leave_its_folders_by_a_link() {
    use std::os::unix::fs::symlink;
    let app = App::new();
    let secret = app.folder().join("secret.wav");
    tone(&secret, 440.0, 0.5, 0.2);
    let project = Utf8PathBuf::from(app.project("Mine"));
    let server = Server::start(&app);
    let guest = key(&server, json!(["write"])).await;
    let link = |name: &str, target: &str| {
        let path = project.join(name);
        symlink(target, &path).expect("a link");
        path
    };
    let outside = app.folder();
    let to_file = link("file.wav", secret.as_str());
    let to_folder = link("folder", outside.as_str()).join("secret.wav");
    for path in [to_file, to_folder] {
        let input = json!({ "path": path });
        assert_eq!(
            status(&server, "/audio/probe", &guest, &input).await,
            403,
            "{path}"
        );
    }
    let planted = outside.join("planted.wav");
    let dangling = link("dangling.wav", planted.as_str());
    let input = json!({ "duration_secs": 1.0, "output": dangling });
    assert_eq!(
        status(&server, "/ambient/render", &guest, &input).await,
        403
    );
    assert!(!planted.exists());
}

#[tokio::test]
async fn a_huge_body_or_head_is_cut_off() {
    let app = App::new();
    let server = Server::start(&app);
    let head = |length: u64| {
        format!(
            "POST /project/list HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Length: {length}\r\n\r\n",
            server.address(),
            server.token
        )
    };
    let announced = server.raw(head(1 << 40).as_bytes(), PATIENCE).await;
    assert!(announced.starts_with("HTTP/1.1 413"), "{announced}");
    assert!(
        announced.contains("application/problem+json"),
        "{announced}"
    );
    let flood = reqwest::Client::new()
        .post(format!("{}/project/list", server.url))
        .bearer_auth(&server.token)
        .body(vec![b' '; 33 << 20])
        .send()
        .await;
    // Either the answer was read, or the connection was cut while the flood was still being sent.
    assert!(flood.is_err() || flood.is_ok_and(|answer| answer.status() == 413));
    let deep = "[".repeat(200_000);
    let deep = server
        .raw(
            format!("{}{deep}", head(deep.len() as u64)).as_bytes(),
            Duration::from_secs(5),
        )
        .await;
    assert!(deep.starts_with("HTTP/1.1 422"), "{deep}");
    let line = format!("x-filler: {}\r\n", "a".repeat(1000));
    let long = format!(
        "GET /health HTTP/1.1\r\nHost: {}\r\n{}\r\n",
        server.address(),
        line.repeat(200)
    );
    let long = server.raw(long.as_bytes(), PATIENCE).await;
    assert!(long.starts_with("HTTP/1.1 431"), "{long}");
    let many = format!(
        "GET /health HTTP/1.1\r\nHost: {}\r\n{}\r\n",
        server.address(),
        "a: b\r\n".repeat(300)
    );
    let many = server.raw(many.as_bytes(), PATIENCE).await;
    assert!(many.starts_with("HTTP/1.1 431"), "{many}");
    assert_eq!(
        server.call("project.list", &json!({})).await.0,
        200,
        "it lives on"
    );
}

#[tokio::test]
async fn a_slow_caller_is_cut_off_and_others_are_served() {
    let app = App::new();
    let server = Server::start_with(
        &app,
        &[
            "--set",
            "server.patience_secs=1",
            "--set",
            "server.connections=16",
        ],
    );
    let begun = Instant::now();
    // More connections than there is room for, each of which sends its head drop by drop.
    let mut slow = Vec::new();
    for _ in 0..24 {
        let mut stream = TcpStream::connect(server.address())
            .await
            .expect("a connection");
        slow.push(tokio::spawn(async move {
            let drops = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Drop: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
            for drop in drops {
                if stream.write_all(&[*drop]).await.is_err() {
                    return true;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.is_ok()
        }));
    }
    let served = async {
        loop {
            let answer = reqwest::get(format!("{}/health", server.url)).await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), served)
        .await
        .expect("whoever is slow makes room");
    for slow in slow {
        assert!(slow.await.expect("a slow caller"), "it should be cut off");
    }
    assert!(
        begun.elapsed() < Duration::from_secs(16),
        "{:?}",
        begun.elapsed()
    );

    let mut body = TcpStream::connect(server.address())
        .await
        .expect("a connection");
    let head = format!(
        "POST /project/list HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Length: 100000\r\n\r\n",
        server.token
    );
    body.write_all(head.as_bytes()).await.expect("the head");
    let (mut reader, mut writer) = body.into_split();
    let drops = tokio::spawn(async move {
        while writer.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(8), reader.read(&mut answer));
    let length = read
        .await
        .expect("it is not waited for")
        .expect("an answer");
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    drops.abort();
}

#[tokio::test]
async fn a_request_cannot_hide_another_in_its_body() {
    let app = App::new();
    let server = Server::start(&app);
    let hidden = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answers = |text: &str| text.matches("HTTP/1.1 ").count();
    let send = async |headers: &str, body: &str| {
        let request =
            format!("POST /nothing/there HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{body}");
        server.raw(request.as_bytes(), Duration::from_secs(3)).await
    };
    // What another server in front might read by the one length, and we by the other.
    let chunked = format!("0\r\n\r\n{hidden}");
    let both = send(
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        &chunked,
    )
    .await;
    assert!(
        answers(&both) <= 1,
        "the rest of the connection is not read: {both}"
    );
    let reversed = send(
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        &chunked,
    )
    .await;
    assert!(answers(&reversed) <= 1, "{reversed}");
    for headers in [
        "Content-Length: 0\r\nContent-Length: 44\r\n",
        "Content-Length: +0\r\n",
        "Content-Length: 0x10\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length : 0\r\n",
        " Content-Length: 0\r\n",
    ] {
        let answer = send(headers, hidden).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{headers:?}: {answer}");
        assert_eq!(answers(&answer), 1, "{headers:?}: {answer}");
    }
    let two_hosts = "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n";
    let answer = server
        .raw(two_hosts.as_bytes(), Duration::from_secs(3))
        .await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let absolute = "GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answer = server
        .raw(absolute.as_bytes(), Duration::from_secs(3))
        .await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[tokio::test]
async fn a_rebound_name_is_not_answered() {
    let app = App::new();
    let server = Server::start_with(&app, &["--host", "studio.example"]);
    let ask = async |host: &str| {
        let asked = reqwest::Client::new()
            .post(format!("{}/project/list", server.url))
            .bearer_auth(&server.token)
            .header("host", host)
            .json(&json!({}))
            .send();
        asked.await.expect("an answer").status().as_u16()
    };
    assert_eq!(ask("studio.example").await, 200);
    assert_eq!(ask("studio.example:8443").await, 200);
    for rebound in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.nip.example",
        "10.0.0.1",
    ] {
        assert_eq!(ask(rebound).await, 403, "{rebound}");
    }
    // Not even what is no secret, and no WebSocket.
    let open = "GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert!(
        server
            .raw(open.as_bytes(), PATIENCE)
            .await
            .starts_with("HTTP/1.1 403")
    );
}

#[tokio::test]
async fn a_foreign_page_can_neither_send_nor_read() {
    let app = App::new();
    let page = "server.origins=https://page.example";
    let server = Server::start_with(&app, &["--set", page]);
    let client = reqwest::Client::new();
    let url = format!("{}/project/list", server.url);
    let from = |origin: &str| {
        client
            .post(&url)
            .bearer_auth(&server.token)
            .header("origin", origin)
            .json(&json!({}))
    };
    // A form that a page sends by itself has no token, and its origin shows it.
    let form = client
        .post(&url)
        .header("origin", "https://evil.example")
        .header("content-type", "text/plain")
        .body("{}");
    assert_eq!(form.send().await.expect("an answer").status(), 403);
    for origin in [
        "https://evil.example",
        "null",
        "http://localhost.evil.example",
    ] {
        let answer = from(origin).send().await.expect("an answer");
        assert_eq!(answer.status(), 403, "{origin}");
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
    }
    let answer = from("https://page.example")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.headers()["access-control-allow-origin"],
        "https://page.example"
    );
    assert!(
        !answer
            .headers()
            .contains_key("access-control-allow-credentials")
    );
    assert_eq!(answer.headers()["vary"], "origin");
    let preflight = |origin: &str| {
        client
            .request(reqwest::Method::OPTIONS, &url)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .send()
    };
    let allowed = preflight("https://page.example").await.expect("an answer");
    assert_eq!(allowed.status(), 204);
    let headers = allowed.headers()["access-control-allow-headers"].to_str();
    assert!(headers.expect("text").contains("authorization"));
    let refused = preflight("https://evil.example").await.expect("an answer");
    assert_eq!(refused.status(), 403);
    let socket = format!(
        "GET /events?token={} HTTP/1.1\r\nHost: {}\r\nOrigin: https://evil.example\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        server.token,
        server.address()
    );
    let socket = server.raw(socket.as_bytes(), Duration::from_secs(3)).await;
    assert!(socket.starts_with("HTTP/1.1 403"), "{socket}");
    // A star would let every page in.
    let starred = app.run(&["--set", "server.origins=*", "serve", "--port", "0"]);
    assert_eq!(starred.status.code(), Some(2), "{starred:?}");
}

#[tokio::test]
async fn a_token_in_an_address_opens_no_plain_request() {
    let app = App::new();
    let server = Server::start(&app);
    let url = format!("{}/operations?token={}", server.url, server.token);
    let answer = reqwest::get(url).await.expect("an answer");
    assert_eq!(
        answer.status(),
        401,
        "addresses end up in histories and logs"
    );
}

#[tokio::test]
async fn secrets_stand_in_no_log_and_no_answer() {
    const PROVIDERS_KEY: &str = "sk-proj-0123456789abcdef0123456789abcdef";
    let provider = FakeProvider::start(|asked, _| {
        // Providers like to repeat the key that they refuse.
        let key = asked.header("authorization").unwrap_or_default().to_owned();
        let message = format!("Incorrect API key provided: {key}.");
        Reply::json(
            401,
            &json!({ "error": { "message": message, "type": "invalid_request_error" } }),
        )
    });
    let app = models::app(&provider);
    app.call(
        "provider.set_key",
        json!({ "provider": "fake", "key": PROVIDERS_KEY }),
    );
    let log = app.folder().join("log");
    let file = std::fs::File::create(&log).expect("a log");
    let server = Server::launch(&app, &["-vvv"], Stdio::from(file));
    let guest = key(&server, json!(["read", "write", "models"])).await;
    let jwt = hs256(&json!({}));
    let mut answers = String::new();
    let completion = models::completion(false);
    for (path, secret, body) in [
        ("/v1/chat/completions", &guest, &completion),
        (
            "/llm/chat",
            &guest,
            &json!({ "messages": [{ "role": "user", "parts": [{ "type": "text", "text": "x" }] }] }),
        ),
        ("/project/list", &jwt, &json!({})),
        ("/provider/list", &server.token, &json!({})),
        ("/settings/get", &server.token, &json!({})),
        ("/keys/list", &server.token, &json!({})),
        ("/gateway/decisions", &server.token, &json!({})),
        (
            "/v1/chat/completions",
            &"avs_not-a-key-but-a-guess".to_owned(),
            &completion,
        ),
    ] {
        let answer = server.request(path, secret, body).await;
        answers.push_str(&answer.text().await.expect("a text"));
    }
    let socket = server.url.replacen("http", "ws", 1);
    let socket = format!("{socket}/events?token={}", server.token);
    drop(
        tokio_tungstenite::connect_async(socket)
            .await
            .expect("a socket"),
    );
    answers.push_str(&server.get("/metrics").await);
    let token = server.token.clone();
    drop(server);
    let log = std::fs::read_to_string(log).expect("a log");
    assert!(log.contains("answered"), "the log is as wordy as it gets");
    for (secret, whose) in [
        (PROVIDERS_KEY, "the provider's key"),
        (&token, "the owner's token"),
        (&guest, "an API key"),
        (&jwt, "a JWT"),
        ("avs_not-a-key-but-a-guess", "a guess"),
    ] {
        assert!(!answers.contains(secret), "{whose} stands in an answer");
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{whose} stands in the log");
    }
}

#[tokio::test]
async fn each_route_of_each_key_has_a_limit() {
    let app = App::new();
    let limits = "server.route_limits=/audio/probe=2";
    let server = Server::start_with(&app, &["--set", limits]);
    let guest = key(&server, json!(["read"])).await;
    let call = async |path: &str, secret: &str| server.request(path, secret, &json!({})).await;
    let first = call("/audio/probe", &guest).await;
    assert_eq!(first.status(), 422, "no path was given");
    assert_eq!(first.headers()["ratelimit"], "\"calls\";r=1;t=30");
    call("/audio/probe", &guest).await;
    let over = call("/audio/probe", &guest).await;
    assert_eq!(over.status(), 429);
    assert!(over.headers().contains_key("retry-after"));
    let body: Value = over.json().await.expect("JSON");
    assert_eq!(body["status"], 429, "{body}");
    assert_eq!(
        call("/project/list", &guest).await.status(),
        200,
        "another route"
    );
    let other = key(&server, json!(["read"])).await;
    assert_eq!(
        call("/audio/probe", &other).await.status(),
        422,
        "another key"
    );
    for _ in 0..5 {
        assert_eq!(
            call("/audio/probe", &server.token).await.status(),
            422,
            "the owner"
        );
    }
}
