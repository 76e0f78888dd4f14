//! `av-studio serve`: where to listen, for whom, until when.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use camino::Utf8PathBuf;
use clap::{Arg, ArgAction, ArgMatches};
use serde_json::json;
use studio_core::Error;
use studio_core::settings::Server;
use studio_server::{Certificate, Options};

use super::arguments::text;
use crate::compose::Composed;
use crate::page;

/// The arguments of `serve`.
pub(super) fn arguments() -> Vec<Arg> {
    vec![
        Arg::new("listen")
            .long("listen")
            .value_name("ADDRESS")
            .help("Address, with or without port [default: loopback, or server.listen]"),
        Arg::new("port")
            .long("port")
            .value_parser(clap::value_parser!(u16))
            .help("Port; 0 takes any free one"),
        Arg::new("host")
            .long("host")
            .value_name("NAME")
            .action(ArgAction::Append)
            .help("A host name by which others reach this server; repeat for more"),
        Arg::new("tls-cert")
            .long("tls-cert")
            .value_name("FILE")
            .requires("tls-key")
            .help("PEM file of the certificate and those that signed it"),
        Arg::new("tls-key")
            .long("tls-key")
            .value_name("FILE")
            .requires("tls-cert")
            .help("PEM file of the certificate's private key"),
        Arg::new("insecure-http")
            .long("insecure-http")
            .action(ArgAction::SetTrue)
            .help("Let tokens and answers cross the network in the clear"),
    ]
}

pub(super) async fn serve(composed: &Composed, matches: &ArgMatches) -> Result<(), Error> {
    let studio = &composed.studio;
    let settings = studio.settings().current();
    let token = uuid::Uuid::new_v4().simple().to_string();
    let options = Options {
        listen: address(matches, &settings.server)?,
        tls: certificate(matches, &settings.server)?,
        insecure_http: matches.get_flag("insecure-http"),
        hosts: matches
            .get_many::<String>("host")
            .unwrap_or_default()
            .cloned()
            .collect(),
        token: token.clone(),
        uploads: composed.home.uploads(),
        projects: composed.projects.clone(),
        approvals: super::approvals(studio, matches)?,
        page: page::file,
    };
    let server = studio_server::serve(studio.clone(), composed.gateway.clone(), options).await?;
    let url = server.url()?;
    let ready = json!({ "url": url, "token": token, "page": format!("{url}/#token={token}") });
    let told = if matches.get_flag("json") {
        format!("{ready}\n")
    } else {
        format!(
            "Open {url}/#token={token}\nPrograms send: Authorization: Bearer {token}\n\
             The API is described at {url}/docs\nStop with Ctrl-C.\n"
        )
    };
    super::write_stdout(told.as_bytes())?;
    server.run(shutdown_signal()).await?;
    // What is cut here can be resumed; what does not stop in time is found interrupted later.
    let patience = Duration::from_secs(u64::from(settings.server.stop_secs));
    if tokio::time::timeout(patience, studio.jobs().cancel_all())
        .await
        .is_err()
    {
        tracing::warn!("a job did not stop in time; it can be resumed");
    }
    Ok(())
}

/// `--listen` with or without a port, then `--port`, then the settings.
fn address(matches: &ArgMatches, settings: &Server) -> Result<SocketAddr, Error> {
    let port = matches.get_one::<u16>("port").copied();
    let usual_port = || u16::try_from(settings.port).unwrap_or(0);
    let given = text(matches, "listen");
    let asked = given.as_deref().unwrap_or(&settings.listen);
    let bare = asked.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, port.unwrap_or_else(usual_port)));
    }
    match asked.parse::<SocketAddr>() {
        Ok(address) => Ok(SocketAddr::new(
            address.ip(),
            port.unwrap_or(address.port()),
        )),
        Err(_) => Err(
            Error::bad_input(format!("`{asked}` is no address to listen on")).hint(
                "give an IP address such as 127.0.0.1, 0.0.0.0 or [::]:4750; names go to --host",
            ),
        ),
    }
}

fn certificate(matches: &ArgMatches, settings: &Server) -> Result<Option<Certificate>, Error> {
    let given = text(matches, "tls-cert").zip(text(matches, "tls-key"));
    let (chain, key) =
        given.unwrap_or_else(|| (settings.tls_cert.clone(), settings.tls_key.clone()));
    match (chain.is_empty(), key.is_empty()) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some(Certificate {
            chain: Utf8PathBuf::from(chain),
            key: Utf8PathBuf::from(key),
        })),
        (true, false) => Err(Error::bad_input(
            "server.tls_key is set without server.tls_cert",
        )),
        (false, true) => Err(Error::bad_input(
            "server.tls_cert is set without server.tls_key",
        )),
    }
}

/// Completes at Ctrl-C or, where it exists, SIGTERM.
async fn shutdown_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &[&str], expected: Option<&str>) {
        let matches = clap::Command::new("serve")
            .args(arguments())
            .get_matches_from(["serve"].iter().chain(given));
        let address = address(&matches, &Server::default()).ok();
        assert_eq!(
            address.map(|address| address.to_string()).as_deref(),
            expected,
            "{given:?}"
        );
    }

    #[test]
    fn an_address_has_a_port_or_takes_the_usual_one() {
        check(&[], Some("127.0.0.1:4750"));
        check(&["--port", "0"], Some("127.0.0.1:0"));
        check(&["--listen", "0.0.0.0"], Some("0.0.0.0:4750"));
        check(&["--listen", "0.0.0.0:80"], Some("0.0.0.0:80"));
        check(&["--listen", "::1", "--port", "81"], Some("[::1]:81"));
        check(&["--listen", "[::]:82"], Some("[::]:82"));
        check(&["--listen", "[::]"], Some("[::]:4750"));
        check(&["--listen", "studio.example"], None);
    }
}
