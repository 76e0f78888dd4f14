//! `mcp.json`: which servers there are.
//!
//! `{"mcpServers": {NAME: {"command", "args", "env"} or {"url", "headers"}}}`, as common desktop clients
//! write it; `disabled` and our own `trusted` are optional. Fields that we do not know are kept.
//! `${NAME}`, `${env:NAME}` and `${NAME:-default}` stand for variables of the studio's environment, so
//! that secrets need not lie in the file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write};

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use studio_core::{Error, ErrorCode};

/// No file of servers is longer, in bytes.
const LARGEST_FILE: u64 = 1 << 20;
const MOST_SERVERS: usize = 100;
const LONGEST_NAME: usize = 64;

/// One server as its entry describes it. Without `Debug`: it holds secrets.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerConfig {
    /// `stdio`, or a spelling of `http`; what is given tells it anyway.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    /// The program to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
    /// The program's arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) args: Vec<String>,
    /// Variables that the program sees beside a plain environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) env: BTreeMap<String, String>,
    /// The folder to start it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(crate) cwd: Option<Utf8PathBuf>,
    /// Address of a server that runs elsewhere.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        alias = "serverUrl",
        alias = "httpUrl"
    )]
    pub(crate) url: Option<String>,
    /// Sent with each request to `url`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, String>,
    /// It is not started.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) disabled: bool,
    /// Agents need not ask before they call its tools.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) trusted: bool,
}

/// How a server is reached, with all variables put in.
pub(crate) enum Endpoint {
    Program {
        command: String,
        args: Vec<String>,
        env: BTreeMap<String, String>,
        cwd: Option<Utf8PathBuf>,
    },
    Address {
        url: reqwest::Url,
        headers: BTreeMap<String, String>,
    },
}

impl ServerConfig {
    /// Whether what runs for `other` serves this entry as well.
    pub(crate) fn is_reached_like(&self, other: &ServerConfig) -> bool {
        let alike = ServerConfig {
            disabled: other.disabled,
            trusted: other.trusted,
            ..self.clone()
        };
        alike == *other
    }

    /// `variable` looks up the studio's environment.
    pub(crate) fn endpoint(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Endpoint, Error> {
        let expand = |text: &String| expand(text, &variable);
        let expand_all = |pairs: &BTreeMap<String, String>| {
            let pair = |(name, value): (&String, &String)| Ok((name.clone(), expand(value)?));
            pairs
                .iter()
                .map(pair)
                .collect::<Result<BTreeMap<_, _>, Error>>()
        };
        let is_sse = self.kind.as_deref() == Some("sse");
        match (&self.command, &self.url) {
            (Some(command), None) if !command.is_empty() => Ok(Endpoint::Program {
                command: expand(command)?,
                args: self.args.iter().map(expand).collect::<Result<_, _>>()?,
                env: expand_all(&self.env)?,
                cwd: self.cwd.clone(),
            }),
            (None, Some(_)) if is_sse => {
                let message = "servers of the old SSE transport are not supported";
                Err(Error::new(ErrorCode::Unsupported, message)
                    .hint("use the server's streamable HTTP address"))
            }
            (None, Some(url)) => {
                let url = reqwest::Url::parse(&expand(url)?)
                    .ok()
                    .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
                    .ok_or_else(|| {
                        // Not shown: it may hold a secret.
                        Error::bad_input("`url` is no http or https address").field("/url")
                    })?;
                let headers = expand_all(&self.headers)?;
                Ok(Endpoint::Address { url, headers })
            }
            _ => Err(
                Error::bad_input("a server needs either a `command` to start or a `url`")
                    .field("/command"),
            ),
        }
    }
}

/// The servers by name; an entry that is none tells why.
pub(crate) type Entries = BTreeMap<String, Result<ServerConfig, Error>>;

/// The servers of the file at `path`; none while there is no file.
pub(crate) fn load(path: &Utf8Path) -> Result<Entries, Error> {
    let document = read(path)?.unwrap_or_else(|| json!({}));
    Ok(entries(&document))
}

/// The servers of a file that another client wrote. It must be there and hold some.
pub(crate) fn load_foreign(path: &Utf8Path) -> Result<Entries, Error> {
    let document = read(path)?
        .ok_or_else(|| Error::not_found(format!("there is no file {path}")).field("/path"))?;
    let entries = entries(&document);
    if entries.is_empty() {
        let message = format!("{path} names no servers");
        return Err(Error::bad_input(message)
            .field("/path")
            .hint("it should hold an object `mcpServers`"));
    }
    Ok(entries)
}

/// Changes the entries of the file at `path`; everything else in it stays.
pub(crate) fn change(
    path: &Utf8Path,
    change: impl FnOnce(&mut Map<String, Value>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut document = read(path)?.unwrap_or_else(|| json!({}));
    let broken = || Error::bad_input(format!("{path}: `mcpServers` is no object"));
    let servers = document
        .as_object_mut()
        .ok_or_else(broken)?
        .entry("mcpServers")
        .or_insert_with(|| json!({}))
        .as_object_mut()
        .ok_or_else(broken)?;
    change(servers)?;
    if servers.len() > MOST_SERVERS {
        let message = format!("at most {MOST_SERVERS} servers are kept");
        return Err(Error::new(ErrorCode::Refused, message));
    }
    let text = format!("{document:#}\n");
    studio_store::write_with(path, |temporary| {
        let failed = |error| Error::io(format!("write {path}"), &error);
        let mut file = private(temporary).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)
    })
}

/// Lays `config` over the entry `name`; fields that only other clients know stay.
pub(crate) fn put(
    servers: &mut Map<String, Value>,
    name: &str,
    config: &ServerConfig,
) -> Result<(), Error> {
    let own = |error| Error::internal(format!("an entry cannot be written: {error}"));
    let fields = serde_json::to_value(config).map_err(own)?;
    let entry = servers.entry(name).or_insert_with(|| json!({}));
    if !entry.is_object() {
        *entry = json!({});
    }
    if let (Some(entry), Value::Object(fields)) = (entry.as_object_mut(), fields) {
        for known in [
            "type",
            "command",
            "args",
            "env",
            "cwd",
            "url",
            "serverUrl",
            "httpUrl",
            "headers",
            "disabled",
            "trusted",
        ] {
            entry.shift_remove(known);
        }
        entry.extend(fields);
    }
    Ok(())
}

/// A name that is easy to type and to show.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '/' | ' ');
    let good = !name.trim().is_empty()
        && name.trim() == name
        && name.chars().count() <= LONGEST_NAME
        && name.chars().all(plain);
    if good {
        return Ok(());
    }
    Err(Error::bad_input(format!(
        "a server's name has 1 to {LONGEST_NAME} letters, digits or -_.@/"
    ))
    .field("/server"))
}

fn read(path: &Utf8Path) -> Result<Option<Value>, Error> {
    let failed = |error: std::io::Error| Error::io(format!("read {path}"), &error);
    let size = match std::fs::metadata(path) {
        Ok(facts) => facts.len(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if size > LARGEST_FILE {
        let message =
            format!("{path} has {size} bytes; a list of servers has at most {LARGEST_FILE}");
        return Err(Error::bad_input(message));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    // The parser's own words name line and column and quote no value.
    let document = serde_json::from_str(text.trim_start_matches('\u{feff}'));
    document
        .map(Some)
        .map_err(|error| Error::bad_input(format!("{path} is not valid JSON: {error}")))
}

/// `mcpServers`, or `servers` as some editors call it.
fn entries(document: &Value) -> Entries {
    let servers = [&document["mcpServers"], &document["servers"]];
    let servers = servers.into_iter().find_map(Value::as_object);
    servers
        .into_iter()
        .flatten()
        .take(MOST_SERVERS)
        .map(|(name, entry)| {
            let config = ServerConfig::deserialize(entry).map_err(|error| {
                // Its text may quote a value.
                let place = if error.is_data() {
                    "a field has the wrong type"
                } else {
                    "it is broken"
                };
                Error::bad_input(format!("the entry of `{name}` is wrong: {place}"))
            });
            (name.clone(), config)
        })
        .collect()
}

/// Puts variables into `text`. An unknown one without a default is an error: a server would get the
/// wrong secret silently.
fn expand(text: &str, variable: &impl Fn(&str) -> Option<String>) -> Result<String, Error> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        expanded.push_str(before);
        let Some((inside, behind)) = after.split_once('}') else {
            expanded.push_str("${");
            rest = after;
            continue;
        };
        let inside = inside.strip_prefix("env:").unwrap_or(inside);
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        let value = variable(name).or_else(|| default.map(str::to_owned));
        expanded.push_str(&value.ok_or_else(|| {
            Error::bad_input(format!("the variable `{name}` is not set"))
                .hint("set it where the studio is started, or write `${NAME:-default}`")
        })?);
        rest = behind;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// A new file that only its owner reads, where the system knows owners.
fn private(path: &Utf8Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the documentation of desktop clients shows it, with fields of theirs.
    const FOREIGN: &str = r#"{
      "globalShortcut": "Ctrl+Space",
      "mcpServers": {
        "filesystem": { "command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/tmp"] },
        "remote": { "type": "http", "url": "https://example.com/mcp", "headers": { "Authorization": "Bearer ${TOKEN}" } },
        "off": { "command": "x", "disabled": true, "autoApprove": ["a"], "env": { "KEY": "secret-value" } },
        "broken": { "command": 5 }
      }
    }"#;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("mcp.json")).unwrap();
        (folder, path)
    }

    #[test]
    fn a_file_of_another_client_works_as_it_is() {
        let (_folder, path) = folder();
        std::fs::write(&path, FOREIGN).unwrap();
        let entries = load(&path).unwrap();
        assert_eq!(entries.len(), 4);
        let of = |name: &str| entries[name].as_ref().ok().unwrap();
        assert_eq!(of("filesystem").args.len(), 3);
        assert!(of("off").disabled && !of("remote").disabled);
        let error = entries["broken"].as_ref().err().unwrap();
        assert!(error.message.contains("`broken`"), "{error}");
        match of("remote")
            .endpoint(|_| Some("t0ken".into()))
            .unwrap_or_else(|e| panic!("{e}"))
        {
            Endpoint::Address { url, headers } => {
                assert_eq!(url.as_str(), "https://example.com/mcp");
                assert_eq!(headers["Authorization"], "Bearer t0ken");
            }
            Endpoint::Program { .. } => panic!("it has an address"),
        }
    }

    #[test]
    fn a_change_keeps_what_only_others_know() {
        let (_folder, path) = folder();
        std::fs::write(&path, FOREIGN).unwrap();
        change(&path, |servers| {
            let mut off = ServerConfig::deserialize(&servers["off"]).unwrap();
            off.disabled = false;
            put(servers, "off", &off)
        })
        .unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let after: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(after["globalShortcut"], "Ctrl+Space");
        assert_eq!(after["mcpServers"]["off"]["autoApprove"][0], "a");
        assert_eq!(after["mcpServers"]["off"].get("disabled"), None);
        assert_eq!(after["mcpServers"]["broken"]["command"], 5);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "it may hold secrets");
        }
    }

    #[test]
    fn what_is_no_list_of_servers_is_told_with_its_place() {
        let (_folder, path) = folder();
        assert!(load(&path).unwrap().is_empty());
        assert!(load_foreign(&path).is_err());
        std::fs::write(&path, "{\n  \"mcpServers\": {,}\n}").unwrap();
        let error = load(&path).err().unwrap();
        assert!(error.message.contains("line 2"), "{error}");
        std::fs::write(&path, "{}").unwrap();
        assert!(load_foreign(&path).is_err());
        std::fs::write(&path, r#"{"mcpServers": []}"#).unwrap();
        assert!(change(&path, |_| Ok(())).is_err(), "nothing is overwritten");
    }

    #[test]
    fn an_entry_is_a_program_or_an_address() {
        let endpoint = |entry: Value| {
            let config = ServerConfig::deserialize(&entry).unwrap();
            config.endpoint(|_| None).map(drop)
        };
        assert!(endpoint(json!({ "command": "a" })).is_ok());
        assert!(endpoint(json!({ "url": "http://127.0.0.1:1/mcp" })).is_ok());
        for wrong in [
            json!({}),
            json!({ "command": "" }),
            json!({ "command": "a", "url": "http://b" }),
            json!({ "url": "file:///etc/passwd" }),
            json!({ "url": "nonsense" }),
            json!({ "type": "sse", "url": "http://b/sse" }),
            json!({ "command": "${NOT_SET}" }),
        ] {
            assert!(endpoint(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn variables_are_put_in() {
        let variable = |name: &str| (name == "A").then(|| "1".to_owned());
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(expand(text, &variable).ok().as_deref(), expected, "{text}");
        };
        check("plain $A", Some("plain $A"));
        check("${A}${env:A}-", Some("11-"));
        check("${B:-x}", Some("x"));
        check("${A:-x}", Some("1"));
        check("${B}", None);
        check("${A", Some("${A"));
    }

    #[test]
    fn names_are_plain() {
        for good in ["a", "Über server", "@scope/name-1.2_x"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", " ", " a", "a\n", "a\"b", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }
}
