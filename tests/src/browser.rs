//! Chromium on the studio's page, driven through WebDriver.

use std::ops::Deref;
use std::process::Command;

use serde_json::{Map, json};

use crate::page::Page;
use crate::{App, Server};

/// A browser without a screen, with the sound card of the app that it was opened for.
pub struct Browser(Page);

impl Deref for Browser {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.0
    }
}

impl Browser {
    /// Opens the page that `server` serves to its owner.
    pub async fn open(app: &App, server: &Server, width: u32, height: u32) -> Browser {
        let mut driver = Command::new("chromedriver");
        app.surround(&mut driver);
        let profile = app.folder().join("chromium");
        let arguments = [
            "--headless=new".to_owned(),
            // Tests run as root where nobody else is.
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            // Containers often have little shared memory.
            "--disable-dev-shm-usage".to_owned(),
            // Nothing but the studio is to be asked for anything.
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--no-first-run".to_owned(),
            format!("--user-data-dir={profile}"),
            format!("--window-size={width},{height}"),
        ];
        let options = json!({ "args": arguments });
        let capabilities = Map::from_iter([
            ("browserName".to_owned(), json!("chrome")),
            ("goog:chromeOptions".to_owned(), options),
        ]);
        let page = Page::open(driver, "chromium-driver", capabilities).await;
        let address = format!("{}/#token={}", server.url, server.token);
        page.client.goto(&address).await.expect("the studio's page");
        Browser(page)
    }

    /// What a script returns.
    pub async fn evaluate(&self, script: &str) -> serde_json::Value {
        self.client
            .execute(script, vec![])
            .await
            .expect("the page runs scripts")
    }

    pub async fn close(self) {
        self.0.close().await;
    }
}
