//! Where callers with a key may read and write: projects, uploads, and folders that the owner named.
//!
//! An input's paths are found by its schema, which marks them ([`studio_core::schema::PATH`]; a field
//! `project` always counts), and checked as the file system resolves them, so that no `..` and no link leads out. The owner may go
//! anywhere. A link that is put in place between this check and the operation is not seen: whoever can
//! do that is on this machine already.

use std::io::ErrorKind;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use studio_core::schema::PATH;
use studio_core::{Error, ErrorCode, Operation};
use studio_store::Projects;

/// Links that follow each other are not followed further than the kernel does (Linux: 40).
const MOST_LINKS: usize = 40;

pub(crate) struct Sandbox {
    projects: Arc<Projects>,
    folders: Vec<Utf8PathBuf>,
}

impl Sandbox {
    /// `folders` is a list as in `PATH`.
    pub(crate) fn new(projects: Arc<Projects>, uploads: &Utf8Path, folders: &str) -> Sandbox {
        let named = std::env::split_paths(folders)
            .filter_map(|path| Utf8PathBuf::from_path_buf(path).ok())
            .filter(|path| path.is_absolute());
        let folders = named.chain([uploads.to_owned()]).collect();
        Sandbox { projects, folders }
    }

    /// Whether a caller with a key may give `operation` this `input`. Reads the file system.
    pub(crate) fn check(&self, operation: &Operation, input: &Value) -> Result<(), Error> {
        let mut paths = Vec::new();
        let schema = &operation.input_schema;
        find(schema, schema, input, &mut String::new(), &mut paths);
        if paths.is_empty() {
            return Ok(());
        }
        let roots = self.roots()?;
        for (pointer, text) in paths {
            let is_project = pointer.ends_with("/project");
            if is_project && self.is_known_project(text)? {
                continue;
            }
            let inside = real(Utf8Path::new(text))
                .is_ok_and(|path| roots.iter().any(|root| path.starts_with(root)));
            if !inside {
                let message = format!("`{text}` lies outside of what an API key may touch");
                return Err(Error::new(ErrorCode::Refused, message).field(pointer).hint(
                    "use a project or POST /uploads; the owner names more in server.folders",
                ));
            }
        }
        Ok(())
    }

    fn roots(&self) -> Result<Vec<Utf8PathBuf>, Error> {
        let known = self.projects.list()?.into_iter();
        let projects = known.map(|project| Utf8PathBuf::from(project.path));
        Ok(projects
            .chain([self.projects.folder().to_owned()])
            .chain(self.folders.iter().cloned())
            .filter_map(|root| real(&root).ok())
            // Nothing lies outside of the root of all.
            .filter(|root| root.parent().is_some())
            .collect())
    }

    /// Whether `text` is the id or name of a project rather than a folder.
    fn is_known_project(&self, text: &str) -> Result<bool, Error> {
        let known = self.projects.list()?;
        Ok(known
            .iter()
            .any(|project| project.id == text || project.name == text))
    }
}

/// The path with every link and `..` resolved, as far as it exists; the rest must be plain names.
fn real(path: &Utf8Path) -> std::io::Result<Utf8PathBuf> {
    let mut path = absolute(path)?;
    for _ in 0..MOST_LINKS {
        let mut existing = path.as_path();
        let mut rest = Vec::new();
        let resolved = loop {
            match existing.canonicalize_utf8() {
                Ok(resolved) => break resolved,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            // A link that leads nowhere yet: what is written through it comes into being there.
            if let Ok(target) = existing.read_link_utf8() {
                let parent = existing.parent().unwrap_or(existing);
                let mut followed = parent.join(target);
                followed.extend(rest.iter().rev());
                path = followed;
                rest.clear();
                break Utf8PathBuf::new();
            }
            let (Some(parent), Some(name)) = (existing.parent(), existing.file_name()) else {
                return Err(ErrorKind::InvalidInput.into());
            };
            rest.push(name.to_owned());
            existing = parent;
        };
        if resolved.as_str().is_empty() {
            continue;
        }
        let mut whole = resolved;
        whole.extend(rest.iter().rev());
        return Ok(whole);
    }
    Err(ErrorKind::InvalidInput.into())
}

fn absolute(path: &Utf8Path) -> std::io::Result<Utf8PathBuf> {
    let absolute = std::path::absolute(path)?;
    Utf8PathBuf::from_path_buf(absolute).map_err(|_| ErrorKind::InvalidInput.into())
}

/// Collects the texts of `value` that `schema` marks as paths, with where they stand.
fn find<'a>(
    schema: &Value,
    root: &Value,
    value: &'a Value,
    pointer: &mut String,
    paths: &mut Vec<(String, &'a str)>,
) {
    // A project is named by its folder, id or name, the same in all operations.
    if schema[PATH] == true || pointer.ends_with("/project") {
        if let Some(text) = value.as_str() {
            paths.push((pointer.clone(), text));
        }
        return;
    }
    let referred = schema["$ref"].as_str();
    if let Some(target) = referred.and_then(|at| root.pointer(at.trim_start_matches('#'))) {
        find(target, root, value, pointer, paths);
    }
    for word in ["anyOf", "oneOf", "allOf"] {
        for branch in schema[word].as_array().into_iter().flatten() {
            find(branch, root, value, pointer, paths);
        }
    }
    let mut inside = |schema: &Value, name: &str, value: &'a Value| {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        find(schema, root, value, pointer, paths);
        pointer.truncate(length);
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let known = schema["properties"].get(name);
                let schema = known.or_else(|| schema.get("additionalProperties"));
                if let Some(schema) = schema {
                    inside(schema, name, value);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for (index, value) in items.iter().enumerate() {
                    inside(schema, &index.to_string(), value);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_found_wherever_the_schema_marks_them() {
        let schema = json!({
            "properties": {
                "path": { "type": ["string", "null"], "x-path": true },
                "text": { "type": "string" },
                "steps": { "type": "array", "items": { "$ref": "#/$defs/Step" } },
                "either": { "anyOf": [{ "$ref": "#/$defs/Step" }, { "type": "null" }] },
            },
            "$defs": { "Step": { "properties": { "output": { "type": "string", "x-path": true } } } },
        });
        let input = json!({
            "path": "/a", "text": "/no", "steps": [{ "output": "/b" }, {}], "either": { "output": "c" },
        });
        let mut paths = Vec::new();
        find(&schema, &schema, &input, &mut String::new(), &mut paths);
        let found: Vec<(&str, &str)> = paths
            .iter()
            .map(|(pointer, text)| (pointer.as_str(), *text))
            .collect();
        assert_eq!(
            found,
            [
                ("/path", "/a"),
                ("/steps/0/output", "/b"),
                ("/either/output", "c")
            ]
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_and_dots_are_resolved_also_where_nothing_is_yet() {
        use std::os::unix::fs::symlink;
        let folder = std::env::temp_dir().join(format!("sandbox-{}", uuid::Uuid::new_v4()));
        let folder = Utf8PathBuf::from_path_buf(folder).unwrap();
        let (inside, outside) = (folder.join("in"), folder.join("out"));
        std::fs::create_dir_all(&inside).unwrap();
        std::fs::create_dir_all(&outside).unwrap();
        symlink(&outside, inside.join("link")).unwrap();
        symlink("../out/new.wav", inside.join("dangling")).unwrap();
        symlink("loop", inside.join("loop")).unwrap();
        let (inside, outside) = (real(&inside).unwrap(), real(&outside).unwrap());
        let check = |path: &str, expected: Option<Utf8PathBuf>| {
            assert_eq!(real(&inside.join(path)).ok(), expected, "{path}");
        };
        check("new.wav", Some(inside.join("new.wav")));
        check("a/b/new.wav", Some(inside.join("a/b/new.wav")));
        check("link/new.wav", Some(outside.join("new.wav")));
        check("dangling", Some(outside.join("new.wav")));
        check("../out/x", Some(outside.join("x")));
        check("loop", None);
        let dots = real(&inside.join("nothing/../../out/x"));
        assert!(
            dots.is_err() || !dots.unwrap().starts_with(&inside),
            "dots behind what does not exist lead out or nowhere"
        );
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
