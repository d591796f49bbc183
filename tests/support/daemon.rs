//! The daemon in this process: real files and watches, against the sandbox.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use onced::daemon::Daemon;
use onced::daemon::socket::Order;
use onced::source::parse::Defaults;
use onced::source::scan::Scanner;
use onced::view::Moment;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::stories::{MACHINE, World, policy};

/// A daemon in the background, with all that it is told by.
pub(crate) struct Alive {
    pub(crate) moments: watch::Receiver<Option<Arc<Moment>>>,
    pub(crate) orders: mpsc::Sender<Order>,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Alive {
    pub(crate) async fn new(world: &World, directory: &Path, resync: Duration) -> Self {
        Self::with(world, directory, resync, |daemon| daemon).await
    }

    pub(crate) async fn with(
        world: &World,
        directory: &Path,
        resync: Duration,
        with: impl Fn(Daemon) -> Daemon,
    ) -> Self {
        let defaults = Defaults {
            state_machine: Some(MACHINE.into()),
            ..Defaults::default()
        };
        let scanner = Scanner::new(directory.to_owned(), defaults);
        let settle = Duration::from_millis(100);
        let reconciler = world.reconciler().await;
        let daemon = Daemon::new(scanner, reconciler, policy(), settle, resync, world.clock());
        let daemon = with(daemon);
        let (sender, moments) = watch::channel(None);
        let (orders, ordered) = mpsc::channel(4);
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(daemon.run(sender, ordered, stopping));
        Self {
            moments,
            orders,
            stop,
            task,
        }
    }

    /// The first moment of which this is true, within half a minute.
    pub(crate) async fn until(&mut self, is_so: impl Fn(&Moment) -> bool) -> Arc<Moment> {
        let is_so = |moment: &Option<Arc<Moment>>| moment.as_deref().is_some_and(&is_so);
        let waiting = timeout(Duration::from_secs(30), self.moments.wait_for(is_so));
        let moment = waiting.await.expect("it becomes so").expect("it lives");
        moment.clone().expect("a moment")
    }

    pub(crate) async fn end(self) {
        self.stop.send_replace(true);
        self.task.await.expect("it ends well");
    }
}
