//! A running `av-studio serve`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::App;

/// Stops when dropped.
pub struct Server {
    child: Child,
    pub url: String,
    pub token: String,
}

impl Server {
    pub fn start(app: &App) -> Server {
        let mut child = app
            .command()
            .args(["--json", "serve", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("av-studio serve starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("serve says where it listens");
        let ready: Value = serde_json::from_str(&line).expect("serve prints JSON");
        let text = |name: &str| ready[name].as_str().expect("url and token").to_owned();
        Server {
            child,
            url: text("url"),
            token: text("token"),
        }
    }

    /// Posts an input and waits for the result; answers (status, body).
    pub async fn call(&self, operation: &str, input: &Value) -> (u16, Value) {
        let response = reqwest::Client::new()
            .post(format!("{}/{}", self.url, operation.replacen('.', "/", 1)))
            .bearer_auth(&self.token)
            .header("prefer", "wait")
            .json(input)
            .send()
            .await
            .expect("the server answers");
        let status = response.status().as_u16();
        (status, response.json().await.expect("a JSON body"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
