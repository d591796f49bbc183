//! `onced sandbox`: the built-in Step Functions, served over HTTP.

use std::net::SocketAddr;
use std::path::Path;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Context, Failure, Outcome, exit, print};
use crate::sandbox::{Options, Sandbox};
use crate::settings::SANDBOX_MACHINE;

/// `onced sandbox`.
pub(super) async fn sandbox(
    context: &Context,
    listen: SocketAddr,
    lambda_endpoint: Option<String>,
) -> Outcome {
    let state_file = context
        .common
        .state_directory
        .as_ref()
        .map(|path| Path::new(path).join("sandbox.json"));
    if let Some(directory) = context.common.state_directory.as_ref() {
        std::fs::create_dir_all(directory)
            .map_err(|error| Failure::new(format!("can't make `{directory}`: {error}")))?;
    }
    let options = Options {
        lambda_endpoint,
        state_file,
        ..Options::default()
    };
    let sandbox = Sandbox::new(options)
        .map_err(|error| Failure::new(format!("can't start the sandbox: {error}")))?;
    sandbox.create_default_machine();
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        Failure::new(format!(
            "can't listen on {listen}: {error}\nhint: give another --listen ADDRESS:PORT"
        ))
    })?;
    let address = listener.local_addr().map_err(Failure::new)?;
    print(&format!(
        "Step Functions at http://{address} with {SANDBOX_MACHINE}\n"
    ));
    let failed = |error| Failure::new(format!("can't listen for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    tokio::select! {
        served = sandbox.serve(listener) => served.map_err(Failure::new)?,
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(exit::DONE)
}
