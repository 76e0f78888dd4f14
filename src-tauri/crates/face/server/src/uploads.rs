//! `POST /uploads?name=x`: a file that a browser brings, kept until it is imported by path.

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use camino::{Utf8Path, Utf8PathBuf};
use futures_util::StreamExt;
use serde_json::json;
use studio_core::Error;
use tokio::io::AsyncWriteExt;

use crate::body::broken;
use crate::http::App;
use crate::problem::Refusal;

/// No single file is larger: 64 GB are five hours of uncompressed picture in HD.
const LARGEST: u64 = 64_000_000_000;

pub(crate) async fn receive(
    State(app): State<App>,
    Query(query): Query<std::collections::HashMap<String, String>>,
    body: Body,
) -> Result<Response, Refusal> {
    let name = safe_name(query.get("name").map_or("", String::as_str));
    let folder = app.uploads.join(uuid::Uuid::new_v4().to_string());
    tokio::fs::create_dir_all(&folder)
        .await
        .map_err(|error| Error::io(format!("create {folder}"), &error))?;
    let path = folder.join(name);
    match store(&path, body).await {
        Ok(bytes) => Ok(axum::Json(json!({ "path": path, "bytes": bytes })).into_response()),
        Err(error) => {
            if let Err(error) = tokio::fs::remove_dir_all(&folder).await {
                tracing::warn!(%folder, %error, "a broken upload could not be removed");
            }
            Err(error)
        }
    }
}

async fn store(path: &Utf8PathBuf, body: Body) -> Result<u64, Refusal> {
    let failed = |error: &std::io::Error| Error::io(format!("write {path}"), error);
    let mut file = tokio::fs::File::create_new(path)
        .await
        .map_err(|error| failed(&error))?;
    let mut chunks = body.into_data_stream();
    let mut bytes = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| broken(&error))?;
        bytes += chunk.len() as u64;
        if bytes > LARGEST {
            let message = format!("the file is larger than {} GB", LARGEST / 1_000_000_000);
            let error = Error::bad_input(message);
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error));
        }
        file.write_all(&chunk)
            .await
            .map_err(|error| failed(&error))?;
    }
    file.flush().await.map_err(|error| failed(&error))?;
    Ok(bytes)
}

/// The last part of `name` without anything that a file system could take for more than a name.
fn safe_name(name: &str) -> String {
    const LONGEST: usize = 120;
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .filter(|c| !c.is_control() && !r#"<>:"|?*"#.contains(*c))
        .collect();
    let clean = clean.trim_start_matches('.').trim();
    // The ending tells the format, so a long name loses its middle.
    let path = Utf8Path::new(clean);
    let stem: String = path
        .file_stem()
        .unwrap_or("file")
        .chars()
        .take(LONGEST)
        .collect();
    match path.extension() {
        Some(extension) if extension.len() <= 16 => format!("{stem}.{extension}"),
        _ => stem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, safe: &str) {
        assert_eq!(safe_name(name), safe, "{name:?}");
    }

    #[test]
    fn an_uploaded_name_cannot_leave_its_folder() {
        check("song.flac", "song.flac");
        check("../../etc/passwd", "passwd");
        check(r"C:\x\y.wav", "y.wav");
        check("..", "file");
        check("", "file");
        check(".hidden", "hidden");
        check("a\0b.wav", "ab.wav");
        check(
            &format!("{}.wav", "x".repeat(500)),
            &format!("{}.wav", "x".repeat(120)),
        );
    }
}
