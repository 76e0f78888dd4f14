//! A browser on the studio's page, driven through WebDriver.

use std::ops::Deref;
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::display::Display;
use crate::page::Page;
use crate::{App, Server};

/// Whose browser.
#[derive(Clone, Copy, Debug)]
pub enum Engine {
    Chromium,
    /// WebKitGTK's own small browser.
    WebKit,
}

/// A browser with the sound card of the app that it was opened for.
pub struct Browser {
    page: Page,
    /// Chromium needs none.
    _display: Option<Display>,
}

impl Deref for Browser {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

impl Browser {
    /// Opens the page that `server` serves to its owner.
    pub async fn open(
        engine: Engine,
        app: &App,
        server: &Server,
        width: u32,
        height: u32,
    ) -> Browser {
        let (page, display) = match engine {
            Engine::Chromium => (chromium(app, width, height).await, None),
            Engine::WebKit => {
                let display = Display::start(width, height);
                (webkit(app, &display).await, Some(display))
            }
        };
        let address = format!("{}/#token={}", server.url, server.token);
        page.client.goto(&address).await.expect("the studio's page");
        Browser {
            page,
            _display: display,
        }
    }

    pub async fn close(self) {
        self.page.close().await;
    }
}

async fn chromium(app: &App, width: u32, height: u32) -> Page {
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
    let capabilities = capabilities("chrome", "goog:chromeOptions", options);
    Page::open(driver, "chromium-driver", capabilities).await
}

async fn webkit(app: &App, display: &Display) -> Page {
    let mut driver = Command::new("WebKitWebDriver");
    driver.env("DISPLAY", display.name());
    app.surround(&mut driver);
    // Without a binary the driver takes the browser that came with it.
    let options = json!({ "args": ["--automation"] });
    let capabilities = capabilities("MiniBrowser", "webkitgtk:browserOptions", options);
    Page::open(driver, "webkit2gtk-driver", capabilities).await
}

fn capabilities(browser: &str, key: &str, options: Value) -> Map<String, Value> {
    Map::from_iter([
        ("browserName".to_owned(), json!(browser)),
        (key.to_owned(), options),
    ])
}
