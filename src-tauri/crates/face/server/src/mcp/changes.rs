//! Tells clients which resources changed, as the studio's events tell us.
//!
//! Events of a moment are told together: an import changes a project many times in a row. Other
//! processes' changes are not seen here, since events do not leave their process.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::service::{Peer, RoleServer, SubscriptionSink};
use studio_core::{Event, Subscription};
use studio_store::Projects;

use super::address::{Address, Part};

/// Events that follow each other this closely are told together.
const MOMENT: Duration = Duration::from_millis(50);
/// How many events are gathered before they are told in any case.
const MOST_GATHERED: usize = 256;
/// Addresses that one session may watch.
pub(super) const MOST_WATCHED: usize = 1_000;

/// What a session of the older revisions watches.
#[derive(Clone, Default)]
pub(super) struct Watched(Arc<Mutex<BTreeSet<String>>>);

impl Watched {
    /// Whether there was room for one more.
    pub(super) fn add(&self, uri: String) -> bool {
        let mut watched = self.0.lock();
        if watched.len() >= MOST_WATCHED && !watched.contains(&uri) {
            return false;
        }
        watched.insert(uri);
        true
    }

    pub(super) fn remove(&self, uri: &str) {
        self.0.lock().remove(uri);
    }
}

/// Whom to tell.
pub(super) enum Listener {
    /// A session up to revision 2025-11-25.
    Session {
        peer: Peer<RoleServer>,
        watched: Watched,
    },
    /// An open `subscriptions/listen`, from revision 2026-07-28 on.
    Stream(SubscriptionSink),
}

impl Listener {
    /// Those of the watched addresses that `changed` names; all of them without it.
    fn wants(&self, changed: Option<&BTreeSet<String>>) -> Vec<String> {
        let is_changed = |uri: &String| changed.is_none_or(|changed| changed.contains(uri));
        match self {
            Listener::Session { watched, .. } => {
                let watched = watched.0.lock();
                watched
                    .iter()
                    .filter(|uri| is_changed(uri))
                    .cloned()
                    .collect()
            }
            Listener::Stream(sink) => {
                let watched = sink.accepted().resource_subscriptions.iter().flatten();
                watched.filter(|uri| is_changed(uri)).cloned().collect()
            }
        }
    }

    /// False once nobody listens any more.
    async fn tell(&self, uris: Vec<String>) -> bool {
        match self {
            Listener::Session { peer, .. } => {
                if peer.notify_resource_list_changed().await.is_err() {
                    return false;
                }
                for uri in uris {
                    let update = ResourceUpdatedNotificationParam::new(uri);
                    if peer.notify_resource_updated(update).await.is_err() {
                        return false;
                    }
                }
            }
            Listener::Stream(sink) => {
                let wants_list = sink.accepted().resources_list_changed == Some(true);
                if wants_list && sink.notify_resource_list_changed().await.is_err() {
                    return false;
                }
                for uri in uris {
                    if sink.notify_resource_updated(uri).await.is_err() {
                        return false;
                    }
                }
            }
        }
        true
    }
}

/// Passes changes on until the listener or the studio is gone.
pub(super) async fn pass_on(mut events: Subscription, projects: Arc<Projects>, listener: Listener) {
    while let Some(event) = events.next().await {
        if !is_about_resources(&event) {
            continue;
        }
        let mut moment = vec![event];
        while moment.len() < MOST_GATHERED
            && let Ok(Some(event)) = tokio::time::timeout(MOMENT, events.next()).await
        {
            if is_about_resources(&event) {
                moment.push(event);
            }
        }
        let projects = projects.clone();
        let read = move || changed(&projects, &moment);
        let Ok(changed) = tokio::task::spawn_blocking(read).await else {
            return;
        };
        if !listener.tell(listener.wants(changed.as_ref())).await {
            return;
        }
    }
}

fn is_about_resources(event: &Event) -> bool {
    matches!(
        event,
        Event::ProjectChanged { .. }
            | Event::AssetChanged { .. }
            | Event::FilmChanged { .. }
            | Event::EventsMissed { .. }
    )
}

/// The addresses of what `events` tell about; none when that cannot be told any more.
fn changed(projects: &Projects, events: &[Event]) -> Option<BTreeSet<String>> {
    let mut changed = BTreeSet::new();
    for event in events {
        let (project, parts) = match event {
            Event::ProjectChanged { project } => (project, Vec::new()),
            Event::AssetChanged { project, asset } => (
                project,
                vec![
                    Part::Asset(asset.clone()),
                    Part::AssetContent(asset.clone()),
                ],
            ),
            Event::FilmChanged { project, film } => (
                project,
                vec![
                    Part::Film(film.clone()),
                    Part::Plan(film.clone()),
                    Part::Captions(film.clone()),
                    Part::Video(film.clone()),
                ],
            ),
            Event::EventsMissed { .. } => return None,
            _ => continue,
        };
        let Ok(project) = projects.get(project) else {
            continue;
        };
        let whole = Address::new(project.id(), Part::Whole);
        changed.extend(parts.into_iter().map(|part| whole.beside(part).to_string()));
        changed.insert(whole.to_string());
    }
    Some(changed)
}
