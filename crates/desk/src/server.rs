//! A running desk: the HTTP service and everything that works in the background, started and ended together.

use crate::app::App;
use crate::error::DeskError;
use crate::events::{self, kind};
use crate::ids::OrganisationId;
use crate::intake::email::{self, room::Listeners};
use crate::router::{Route, router_of};
use crate::{audit_log, jobs, orgs, search};
use axum::Router;
use axum::extract::ConnectInfo;
use bedside_db::Notice;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, watch};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// HTTP connections at a time; further ones wait to be accepted.
const CONNECTIONS: usize = 10_000;
/// How long a client may take to send its headers.
const HEADER_TIME: Duration = Duration::from_secs(15);
/// How long requests under way may take once the desk is to end. Live streams never end by themselves.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// How long settings stay as they are when nobody says that they changed.
const LOOK_ANYWAY: Duration = Duration::from_secs(5);
/// Pause between two looks at what changed, so that a flood of events does not make a flood of looks.
const BREATH: Duration = Duration::from_millis(10);

/// A desk at work. Dropping it ends nothing in order; call [`Running::stop`].
pub struct Running {
    app: App,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: TaskTracker,
}

impl Running {
    /// Where HTTP is served.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Hears when the desk is to end; for what is started beside it.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Takes no new work, ends what is under way, and returns once everything is on disk.
    pub async fn stop(self) {
        // Nobody listens any more when every task has ended by itself.
        let _ = self.stop.send(true);
        self.tasks.close();
        self.tasks.wait().await;
        self.app.db.close().await;
    }
}

/// Takes the ports on which mail is received.
pub async fn bind_mail(app: &App) -> Result<Listeners, DeskError> {
    Listeners::bind(&app.config)
        .await
        .map_err(|(address, error)| {
            DeskError::Unavailable(format!("mail can't be received on {address} ({error})"))
        })
}

/// Starts everything: HTTP on `listener`, mail on the configured ports, and the background work.
pub async fn start(app: App, listener: TcpListener) -> Result<Running, DeskError> {
    let mail = bind_mail(&app).await?;
    start_with(app, listener, mail, crate::router::routes()).await
}

/// The same with these sockets and these ways in.
pub async fn start_with(
    app: App,
    listener: TcpListener,
    mail: Listeners,
    routes: Vec<Route>,
) -> Result<Running, DeskError> {
    let address = listener
        .local_addr()
        .map_err(|error| DeskError::Internal(format!("the listening socket: {error}")))?;
    let entering = app.db.enter().await?;
    if entering.alone() {
        email::processor::free_all(&app).await?;
        jobs::free_all(&app).await?;
    }
    let at_work = entering.stay().await?;
    let (stop, stopping) = watch::channel(false);
    let work = TaskTracker::new();
    let service = router_of(&app, routes);
    work.spawn(serve_http(service, listener, stopping.clone()));
    work.spawn(email::run(app.clone(), mail, stopping.clone()));
    work.spawn(jobs::run(app.clone(), stopping.clone()));
    work.spawn(search::run(app.clone(), stopping.clone()));
    if !app.db.is_embedded() {
        // On the embedded engine this process is the only one that changes settings.
        work.spawn(reload_settings(app.clone(), stopping));
    }
    work.close();
    // The sealer runs longest, so that what the others audit at their end is sealed too.
    let (seal_stop, sealing) = watch::channel(false);
    let sealer = tokio::spawn(audit_log::run_sealer(app.clone(), sealing));
    let tasks = TaskTracker::new();
    tasks.spawn(async move {
        work.wait().await;
        drop(at_work);
        let _ = seal_stop.send(true);
        let _ = sealer.await;
    });
    Ok(Running {
        app,
        address,
        stop,
        tasks,
    })
}

/// Serves HTTP/1 and HTTP/2 until `stop`, then lets requests under way end.
async fn serve_http(router: Router, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(30)));
    let builder = Arc::new(builder);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = one_connection(&builder, router.clone(), stream, peer, &graceful);
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of file handles, most likely: open connections have to end first.
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(LAST_REQUESTS, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::info!("some connections were still open and were closed");
    }
}

fn one_connection(
    builder: &Arc<Builder<TokioExecutor>>,
    router: Router,
    stream: TcpStream,
    peer: SocketAddr,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + use<> {
    // Answers are written in one piece, so waiting to fill a packet would only add delay.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let connection = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service))
        .into_owned();
    let watched = graceful.watch(connection);
    async move {
        if let Err(error) = watched.await {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

/// Reads the settings anew when another node changed them. It looks now and then without being told, because what is said
/// while the connection that listens is down is never heard.
async fn reload_settings(app: App, mut stop: watch::Receiver<bool>) {
    let mut notices = app.db.notices();
    // Nothing at first: something may have changed between opening and listening.
    let mut seen = None;
    loop {
        match catch_up(&app, seen.as_ref()).await {
            Ok(now) => seen = Some(now),
            Err(error) => tracing::warn!(%error, "changed settings could not be read yet"),
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = sleep(LOOK_ANYWAY) => continue,
            heard = notices.recv() => match heard {
                Ok(notice) if !is_known(&app, notice) => seen = None,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
        }
        sleep(BREATH).await;
        // What came in the meantime is looked at in one round instead of one by one.
        while let Ok(notice) = notices.try_recv() {
            if !is_known(&app, notice) {
                seen = None;
            }
        }
    }
}

fn is_known(app: &App, notice: Notice) -> bool {
    let organisation = OrganisationId::from_uuid(notice.organisation);
    app.directory.of(organisation).is_ok()
}

/// Reads everything when some settings changed after the event numbers in `seen`, or when nothing was seen yet; gives the
/// numbers up to which was looked.
async fn catch_up(
    app: &App,
    seen: Option<&BTreeMap<OrganisationId, i64>>,
) -> Result<BTreeMap<OrganisationId, i64>, DeskError> {
    let mut now = BTreeMap::new();
    let mut changed = seen.is_none();
    for clinic in app.directory.all() {
        let latest = events::latest(app, clinic.id).await?;
        let from = seen.and_then(|seen| seen.get(&clinic.id)).copied();
        changed =
            changed || settings_changed(app, clinic.id, from.unwrap_or(latest), latest).await?;
        now.insert(clinic.id, latest);
    }
    if changed {
        orgs::reload(app).await?;
    }
    Ok(now)
}

async fn settings_changed(
    app: &App,
    organisation: OrganisationId,
    mut from: i64,
    to: i64,
) -> Result<bool, DeskError> {
    while from < to {
        let some = events::after(app, organisation, from, 500).await?;
        if some
            .iter()
            .any(|event| event.kind == kind::SETTINGS_CHANGED)
        {
            return Ok(true);
        }
        let Some(last) = some.last() else {
            return Ok(false);
        };
        from = last.sequence;
    }
    Ok(false)
}
