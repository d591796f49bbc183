//! HTTP for few and brief clients: one that is slow, or dead, costs the others nothing and is let go after a while.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// So many are served at once; others wait.
const CLIENTS: usize = 64;
/// How long a client may take to say what it wants.
const ASKING: Duration = Duration::from_secs(5);
/// How long one is served at most: the loop may take half of that to do what it is told.
const SERVING: Duration = Duration::from_mins(1);

/// Serves one request a connection until it is dropped, and every connection with it.
pub(super) async fn serve<L: Listener>(mut listener: L, router: Router) {
    let room = Arc::new(Semaphore::new(CLIENTS));
    let mut clients = JoinSet::new();
    while let Ok(place) = Arc::clone(&room).acquire_owned().await {
        // It rests by itself where no more files can be opened.
        let (stream, _) = listener.accept().await;
        let service = TowerToHyperService::new(router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(ASKING)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service);
        clients.spawn(async move {
            let _place = place;
            // What goes wrong with a client is its own affair.
            let _ = timeout(SERVING, connection).await;
        });
        while clients.try_join_next().is_some() {}
    }
}
