//! The window's page, embedded for browsers that come to `av-studio serve`.

use rust_embed::Embed;
use studio_server::Asset;

#[derive(Embed)]
#[folder = "../ui/dist"]
struct Page;

/// A file of the page by its path without the leading slash.
pub(crate) fn file(path: &str) -> Option<Asset> {
    let file = Page::get(path)?;
    let media_type = match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" => "application/json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    };
    Some((media_type, file.data))
}
