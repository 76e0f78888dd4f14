//! Tokens of another issuer (JWT, RFC 7519): HS256 with a shared secret, EdDSA with a public key.
//!
//! A key is tied to its algorithm: the token's header chooses among the keys that were configured and
//! never says how one is used (RFC 8725 §3.1). Issuer, audience, subject and end are required.

use std::sync::Arc;

use camino::Utf8Path;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};
use studio_core::settings::Tokens;
use studio_core::units::MicroUsd;
use studio_core::{Error, ErrorCode};
use studio_store::KeyScope;

use crate::guard::Guest;

/// Longer tokens are not looked at.
const LONGEST: usize = 8 << 10;
/// Longest subject, in bytes: it names the payer in the ledger.
const LONGEST_SUBJECT: usize = 200;
/// Clocks may differ so much.
const LEEWAY_SECS: u64 = 30;
/// RFC 7518 §3.2: a key of HS256 has as many bits as its hash, or more.
const SHORTEST_SECRET: usize = 32;

/// Who makes the tokens that are taken, and how they are checked.
pub(crate) struct Issuer {
    keys: Vec<(Algorithm, DecodingKey)>,
    settings: Tokens,
}

impl Issuer {
    /// `None` where no key is configured.
    pub(crate) fn open(settings: &Tokens) -> Result<Option<Issuer>, Error> {
        let mut keys = Vec::new();
        if !settings.secret_file.is_empty() {
            let secret = read(&settings.secret_file, "tokens.secret_file")?;
            let secret = secret.trim_ascii();
            if secret.len() < SHORTEST_SECRET {
                let message = format!(
                    "tokens.secret_file: the secret in {} has {} bytes, less than {SHORTEST_SECRET}",
                    settings.secret_file,
                    secret.len()
                );
                return Err(Error::bad_input(message).hint("make one by `openssl rand -hex 32`"));
            }
            keys.push((Algorithm::HS256, DecodingKey::from_secret(secret)));
        }
        if !settings.public_key_file.is_empty() {
            let pem = read(&settings.public_key_file, "tokens.public_key_file")?;
            let key = DecodingKey::from_ed_pem(&pem).map_err(|error| {
                let file = &settings.public_key_file;
                Error::bad_input(format!(
                    "tokens.public_key_file: {file} is no public key of Ed25519 in PEM: {error}"
                ))
                .hint("make one by `openssl pkey -in private.pem -pubout`")
            })?;
            keys.push((Algorithm::EdDSA, key));
        }
        if keys.is_empty() {
            return Ok(None);
        }
        for (name, value) in [
            ("tokens.issuer", &settings.issuer),
            ("tokens.audience", &settings.audience),
        ] {
            if value.is_empty() {
                let message = format!("{name} is empty, but keys of tokens are set");
                return Err(Error::bad_input(message)
                    .hint("say who makes the tokens and whom they are meant for"));
            }
        }
        Ok(Some(Issuer {
            keys,
            settings: settings.clone(),
        }))
    }

    /// Whether `secret` is a token of some issuer rather than a key of ours: three parts, the first
    /// of them a JSON object in Base64.
    pub(crate) fn is_token(secret: &str) -> bool {
        secret.starts_with("eyJ") && secret.bytes().filter(|byte| *byte == b'.').count() == 2
    }

    /// Who the token speaks for.
    pub(crate) fn check(&self, token: &str) -> Result<Arc<Guest>, Error> {
        if token.len() > LONGEST {
            return Err(refused("it is longer than 8 KiB"));
        }
        let header = decode_header(token).map_err(|_| refused("its head cannot be read"))?;
        // RFC 7515 §4.1.11: what is critical and not understood must be refused.
        if header.crit.is_some() {
            return Err(refused("its head has extensions that are not known"));
        }
        let (algorithm, key) = self
            .keys
            .iter()
            .find(|(algorithm, _)| *algorithm == header.alg)
            .ok_or_else(|| refused("its algorithm is not taken"))?;
        let mut validation = Validation::new(*algorithm);
        validation.leeway = LEEWAY_SECS;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = decode::<Map<String, Value>>(token, key, &validation)
            .map_err(|error| refused(reason(error.kind())))?
            .claims;
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or("");
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT {
            return Err(refused("its subject is empty or too long"));
        }
        let limit = self.settings.limit_usd;
        Ok(Arc::new(Guest {
            id: format!("jwt:{subject}"),
            name: subject.to_owned(),
            scopes: scopes(claims.get(&self.settings.scope_claim)),
            calls_per_minute: None,
            budget: (limit > 0.0).then(|| MicroUsd((limit * 1e6).round() as i64)),
        }))
    }
}

/// Scopes as text (RFC 8693 §4.2) or as a list, with or without the prefix `studio:`.
fn scopes(claim: Option<&Value>) -> Vec<KeyScope> {
    let words: Vec<&str> = match claim {
        Some(Value::String(text)) => text.split(' ').collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let scope = |word: &str| match word.strip_prefix("studio:").unwrap_or(word) {
        "read" => Some(KeyScope::Read),
        "write" => Some(KeyScope::Write),
        "models" => Some(KeyScope::Models),
        // Scopes of other services are none of ours.
        _ => None,
    };
    words.into_iter().filter_map(scope).collect()
}

fn read(path: &str, setting: &str) -> Result<Vec<u8>, Error> {
    std::fs::read(Utf8Path::new(path)).map_err(|error| Error {
        code: ErrorCode::BadInput,
        ..Error::io(format!("read {path} ({setting})"), &error)
    })
}

fn reason(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ExpiredSignature => "it is expired",
        ErrorKind::ImmatureSignature => "it is not yet valid",
        ErrorKind::InvalidAudience => "it is meant for somebody else",
        ErrorKind::InvalidIssuer => "its issuer is not known",
        ErrorKind::MissingRequiredClaim(_) => "it lacks `exp`, `iss`, `aud` or `sub`",
        ErrorKind::InvalidSignature => "its signature is wrong",
        _ => "it cannot be read",
    }
}

fn refused(why: &str) -> Error {
    Error::new(ErrorCode::Refused, format!("the token is not taken: {why}"))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    struct Files {
        folder: std::path::PathBuf,
        issuer: Issuer,
        private: EncodingKey,
        public_pem: String,
    }

    impl Drop for Files {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    fn files() -> Files {
        let folder = std::env::temp_dir().join(format!("jwt-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder).unwrap();
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            std::fs::write(&path, bytes).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let public_pem = pair.public_key_pem();
        let settings = Tokens {
            issuer: "https://issuer.example".into(),
            audience: "studio".into(),
            secret_file: write("secret", SECRET),
            public_key_file: write("public.pem", public_pem.as_bytes()),
            limit_usd: 2.0,
            ..Tokens::default()
        };
        let issuer = Issuer::open(&settings).unwrap().unwrap();
        let private = EncodingKey::from_ed_pem(pair.serialize_pem().as_bytes()).unwrap();
        Files {
            folder,
            issuer,
            private,
            public_pem,
        }
    }

    fn in_secs(secs: i64) -> i64 {
        jiff::Timestamp::now().as_second() + secs
    }

    fn claims() -> Value {
        json!({ "iss": "https://issuer.example", "aud": ["other", "studio"], "sub": "ann",
                "exp": in_secs(600), "scope": "read studio:models openid" })
    }

    fn with(field: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[field] = value;
        claims
    }

    fn hs256(claims: &Value) -> String {
        let key = EncodingKey::from_secret(SECRET);
        encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
    }

    #[test]
    fn a_good_token_speaks_for_its_subject_with_its_scopes() {
        let files = files();
        let eddsa = encode(&Header::new(Algorithm::EdDSA), &claims(), &files.private).unwrap();
        for token in [hs256(&claims()), eddsa] {
            assert!(Issuer::is_token(&token));
            let guest = files.issuer.check(&token).unwrap();
            assert_eq!((guest.id.as_str(), guest.name.as_str()), ("jwt:ann", "ann"));
            assert_eq!(guest.scopes, [KeyScope::Read, KeyScope::Models]);
            assert_eq!(guest.budget, Some(MicroUsd(2_000_000)));
        }
        let listed = hs256(&with("scope", json!(["write"])));
        assert_eq!(
            files.issuer.check(&listed).unwrap().scopes,
            [KeyScope::Write]
        );
    }

    fn check_refused(issuer: &Issuer, token: &str, words: &str) {
        let error = issuer.check(token).expect_err("this token is wrong");
        assert!(
            error.message.contains(words),
            "{:?} should say: {words}",
            error.message
        );
        assert!(!error.message.contains(token), "a token is not repeated");
    }

    #[test]
    fn claims_that_are_wrong_or_missing_are_refused() {
        let files = files();
        let refuse =
            |claims: Value, words: &str| check_refused(&files.issuer, &hs256(&claims), words);
        refuse(with("exp", json!(in_secs(-60))), "expired");
        refuse(with("nbf", json!(in_secs(60))), "not yet valid");
        refuse(with("aud", json!("other")), "somebody else");
        refuse(with("iss", json!("https://evil.example")), "issuer");
        refuse(with("exp", json!("tomorrow")), "lacks");
        refuse(with("sub", json!("")), "subject");
        refuse(with("sub", json!("x".repeat(300))), "subject");
        for claim in ["exp", "iss", "aud", "sub"] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(claim);
            refuse(claims, "lacks");
        }
        let slightly_late = with("exp", json!(in_secs(-10)));
        assert!(
            files.issuer.check(&hs256(&slightly_late)).is_ok(),
            "clocks may differ by half a minute"
        );
    }

    #[test]
    fn no_header_chooses_how_a_key_is_used() {
        use base64::Engine as _;
        let files = files();
        let base64 = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        // The public key as a shared secret: the classic confusion.
        let confused = encode(
            &Header::new(Algorithm::HS256),
            &claims(),
            &EncodingKey::from_secret(files.public_pem.as_bytes()),
        );
        check_refused(&files.issuer, &confused.unwrap(), "signature");
        let body = base64(&claims().to_string());
        for algorithm in ["none", "None", "NONE", "nOnE"] {
            let head = base64(&format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#));
            check_refused(&files.issuer, &format!("{head}.{body}."), "not taken");
        }
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            let key = EncodingKey::from_secret(SECRET);
            let token = encode(&Header::new(algorithm), &claims(), &key).unwrap();
            check_refused(&files.issuer, &token, "algorithm");
        }
        let good = hs256(&claims());
        let (signed, signature) = good.rsplit_once('.').unwrap();
        check_refused(&files.issuer, &format!("{signed}."), "signature");
        let other = if signature.starts_with('A') { "B" } else { "A" };
        let changed = format!("{signed}.{other}{}", &signature[1..]);
        check_refused(&files.issuer, &changed, "signature");
        let critical = Header {
            crit: Some(vec!["exp".into()]),
            ..Header::new(Algorithm::HS256)
        };
        let token = encode(&critical, &claims(), &EncodingKey::from_secret(SECRET)).unwrap();
        check_refused(&files.issuer, &token, "extensions");
        check_refused(
            &files.issuer,
            &format!("eyJ{}", "A".repeat(1 << 20)),
            "longer",
        );
    }

    #[test]
    fn what_is_configured_badly_is_told_at_the_start() {
        let files = files();
        let refused = |change: fn(&mut Tokens), words: &str| {
            let mut settings = files.issuer.settings.clone();
            change(&mut settings);
            let error = Issuer::open(&settings).err().expect("this is wrong");
            assert!(error.message.contains(words), "{error:?}");
        };
        refused(|tokens| tokens.issuer.clear(), "tokens.issuer");
        refused(|tokens| tokens.audience.clear(), "tokens.audience");
        refused(
            |tokens| tokens.secret_file = "/nowhere/secret".into(),
            "/nowhere/secret",
        );
        refused(
            |tokens| tokens.public_key_file = tokens.secret_file.clone(),
            "no public key",
        );
        assert!(Issuer::open(&Tokens::default()).unwrap().is_none());
        let short = Tokens {
            secret_file: files.folder.join("short").to_str().unwrap().into(),
            ..files.issuer.settings.clone()
        };
        std::fs::write(files.folder.join("short"), "hunter2\n").unwrap();
        let error = Issuer::open(&short).err().expect("the secret is short");
        assert!(error.message.contains("7 bytes"), "{error:?}");
        assert!(!error.message.contains("hunter2"));
    }
}
