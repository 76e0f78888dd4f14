//! The real window on a virtual display, driven through WebDriver.

use std::ops::Deref;
use std::process::Command;

use camino::Utf8Path;
use serde_json::{Map, Value, json};

use crate::display::Display;
use crate::drag::Drag;
use crate::page::Page;
use crate::{App, binary};

/// The app's window and its display. Both end with it.
pub struct Window {
    page: Page,
    display: Display,
}

impl Deref for Window {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

impl Window {
    /// Opens the window of `app` with `args` on a screen of `width` × `height` pixels.
    pub async fn open(app: &App, width: u32, height: u32, args: &[&str]) -> Window {
        let mut driver = Command::new("WebKitWebDriver");
        // WebKit's driver waits for ever for a picture of a page without layers.
        driver.env("WEBKIT_DISABLE_COMPOSITING_MODE", "0");
        Window::launch(driver, app, width, height, args).await
    }

    /// The window as users have it, which chooses how it is painted. Where there is no graphics card, no picture of it
    /// can be taken.
    pub async fn open_unseen(app: &App, width: u32, height: u32) -> Window {
        Window::launch(Command::new("WebKitWebDriver"), app, width, height, &[]).await
    }

    async fn launch(
        mut driver: Command,
        app: &App,
        width: u32,
        height: u32,
        args: &[&str],
    ) -> Window {
        let display = Display::start(width, height);
        driver
            .env("DISPLAY", display.name())
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            // Small films render quickly on a busy machine.
            .env("AV_STUDIO_FILM_WIDTH", "640")
            .env("AV_STUDIO_FILM_HEIGHT", "360");
        app.surround(&mut driver);
        let options = json!({ "binary": binary(), "args": args });
        let capabilities = Map::from_iter([("webkitgtk:browserOptions".to_owned(), options)]);
        Window {
            page: Page::open(driver, "webkit2gtk-driver", capabilities).await,
            display,
        }
    }

    /// Calls an operation as the page does.
    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, Value> {
        let script = "const [operation, input, done] = arguments;\
            window.__TAURI_INTERNALS__.invoke('call', { operation, input })\
              .then((value) => done({ value }), (error) => done({ error }));";
        let answer = self
            .evaluate_async(script, vec![json!(operation), input])
            .await;
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["value"].clone()),
        }
    }

    /// Drags a file from a file manager over the window, runs `over`, and lets go.
    pub async fn drop_file(&self, file: &Utf8Path, over: impl AsyncFnOnce()) {
        let (display, file) = (self.display.name().to_owned(), file.to_owned());
        let held = tokio::task::spawn_blocking(move || {
            let drag = Drag::begin(&display, &file);
            let target = drag.over();
            (drag, target)
        });
        let (drag, target) = held.await.expect("the file is over the window");
        over().await;
        tokio::task::spawn_blocking(move || drag.drop_on(target))
            .await
            .expect("the window takes the file");
    }

    /// Keeps pictures of the page in both themes and at both sizes that it must look right at.
    pub async fn gallery(&self, name: &str) {
        for (width, height) in [(1440, 900), (1024, 700)] {
            self.resize(width, height).await;
            for theme in ["light", "dark"] {
                let setting = json!({ "key": "appearance.theme", "value": theme });
                self.call("settings.set", setting)
                    .await
                    .expect("a theme is a setting");
                // The page takes the colours of its next frames.
                self.find(&format!("html[data-scheme='{theme}']")).await;
                self.settle().await;
                self.screenshot(&format!("{name}-{width}-{theme}")).await;
            }
        }
    }

    /// Ends the session, and with it the app.
    pub async fn close(self) {
        self.page.close().await;
    }
}
