//! The program of a server, and everything that it started.

use std::process::Stdio;
use std::time::Duration;

use studio_core::Error;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use crate::config::Endpoint;
use crate::secrets::Secrets;
use crate::tail::Tail;

/// What a child sees of our environment, if it is set: enough to find programs, its home, the network
/// and the user's language. The studio's own variables may hold keys that are not a server's business.
const PLAIN_ENVIRONMENT: [&str; 32] = [
    "ALL_PROXY",
    "APPDATA",
    "COMSPEC",
    "HOME",
    "HOMEDRIVE",
    "HOMEPATH",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LOCALAPPDATA",
    "LOGNAME",
    "NO_PROXY",
    "PATH",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "SHELL",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "TERM",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
    "USERNAME",
    "USERPROFILE",
    "WINDIR",
    "XDG_RUNTIME_DIR",
];
/// For leaving after the end of its input, and once more after the signal.
const FAREWELL: Duration = Duration::from_secs(3);
/// For its last words to arrive.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// A started server. Dropped, it is killed with all that it started.
pub(crate) struct Process {
    child: Child,
    group: Group,
    errors: JoinHandle<()>,
}

impl Process {
    /// The process, and its standard output and input. Standard error goes to `tail`.
    pub(crate) fn start(
        endpoint: &Endpoint,
        tail: &Tail,
    ) -> Result<(Process, (ChildStdout, ChildStdin)), Error> {
        let Endpoint::Program {
            command: program,
            args,
            env,
            cwd,
        } = endpoint
        else {
            return Err(Error::internal("an address cannot be started"));
        };
        let plain = PLAIN_ENVIRONMENT
            .iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?)));
        let mut command = Command::new(program);
        command
            .args(args)
            .env_clear()
            .envs(plain)
            .envs(env)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(folder) = cwd {
            command.current_dir(folder);
        }
        // A group of its own: Ctrl-C is ours to handle, and what it started can be ended with it.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| {
            Error::io(format!("start `{program}`"), &error)
                .hint("is it installed, and found by the PATH of the studio?")
        })?;
        let pipes = (child.stdout.take(), child.stdin.take(), child.stderr.take());
        let (Some(output), Some(input), Some(errors)) = pipes else {
            return Err(Error::internal("a child without pipes"));
        };
        let errors = tokio::spawn(tail.clone().follow(errors, Secrets::of(endpoint)));
        let process = Process {
            group: Group(child.id()),
            child,
            errors,
        };
        Ok((process, (output, input)))
    }

    /// Waits until the program ends, and tells how. Safe to drop before it completes.
    pub(crate) async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// Ends it as the protocol asks (2025-11-25, "Lifecycle", stdio): its input is closed already; it
    /// is given time, then a signal, then no choice.
    pub(crate) async fn end(mut self) {
        if tokio::time::timeout(FAREWELL, self.ended()).await.is_err() {
            self.group.terminate();
            let _ = tokio::time::timeout(FAREWELL, self.ended()).await;
        }
        self.kill().await;
    }

    /// Ends it now, and hears its last words.
    pub(crate) async fn kill(mut self) {
        self.group.kill();
        let _ = self.child.kill().await;
        let _ = tokio::time::timeout(LAST_WORDS, &mut self.errors).await;
    }
}

/// The processes of a server, such as what `npx` started. Killed when dropped.
struct Group(Option<u32>);

impl Group {
    #[cfg(unix)]
    fn signal(&self, signal: libc::c_int) {
        if let Some(Ok(group)) = self.0.map(libc::pid_t::try_from) {
            // SAFETY: a plain system call. The group was made for this child; once nobody is left in
            // it, the call says so and does nothing.
            unsafe { libc::killpg(group, signal) };
        }
    }

    #[cfg(unix)]
    fn terminate(&self) {
        self.signal(libc::SIGTERM);
    }

    #[cfg(unix)]
    fn kill(&self) {
        self.signal(libc::SIGKILL);
    }

    /// Windows knows no groups; closing pipes and ending the child itself must do.
    #[cfg(not(unix))]
    fn terminate(&self) {}

    #[cfg(not(unix))]
    fn kill(&self) {}
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
