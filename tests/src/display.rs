//! Virtual displays, and processes that end with all their children.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// A process group that is killed as a whole: WebKit has many children.
pub struct Group(Child);

impl Group {
    pub fn spawn(command: &mut Command, program: &str, package: &str) -> Group {
        command.stdin(Stdio::null()).process_group(0);
        Group(command.spawn().unwrap_or_else(|error| {
            panic!("{program} does not start ({error}); `cargo xtask setup` installs {package}")
        }))
    }

    pub fn leader(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .args(["-KILL", "--", &format!("-{}", self.0.id())])
            .status();
        let _ = self.0.wait();
    }
}

/// An X server that draws into memory.
pub struct Display {
    name: String,
    _server: Group,
}

impl Display {
    /// A display of its own; the server chooses a free number and tells it.
    pub fn start(width: u32, height: u32) -> Display {
        let mut command = Command::new("Xvfb");
        command
            .args([
                "-displayfd",
                "1",
                "-nolisten",
                "tcp",
                "-screen",
                "0",
                &format!("{width}x{height}x24"),
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut server = Group::spawn(&mut command, "Xvfb", "xvfb");
        let stdout = server.leader().stdout.take().expect("stdout is piped");
        let mut number = String::new();
        BufReader::new(stdout)
            .read_line(&mut number)
            .expect("Xvfb tells its display");
        Display {
            name: format!(":{}", number.trim()),
            _server: server,
        }
    }

    /// As the environment variable `DISPLAY` wants it.
    pub fn name(&self) -> &str {
        &self.name
    }
}
