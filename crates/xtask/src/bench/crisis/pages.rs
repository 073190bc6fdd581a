//! Pages that stand open: each does what the browser's part does (`assets/src/elements/live.ts`, `crisis.ts`).

use crate::bench::client::{Events, Http};
use anyhow::{Context, Result, ensure};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread::Scope;
use std::time::{Duration, Instant};

/// What `<bd-crisis>` asks anew for.
const EVENTS: [&str; 3] = ["ticket.created", "ticket.changed", "ticket.merged"];
/// `PAUSE` of `<bd-crisis>`: the first event is answered at once, those behind it together this much later.
const PAUSE: Duration = Duration::from_millis(300);
/// What only the banner has.
const BANNER: &[u8] = b"role=\"alert\"";

/// What stands on every page now.
pub(super) struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Since when each page shows the banner; none where it doesn't.
    shows: Vec<Option<Instant>>,
    /// Why a page stopped.
    failed: Option<String>,
}

impl Board {
    pub(super) fn new(pages: usize) -> Self {
        Self {
            state: Mutex::new(State {
                shows: vec![None; pages],
                failed: None,
            }),
            changed: Condvar::new(),
        }
    }

    /// Waits until every page shows the banner, and says since when each does.
    pub(super) fn wait_for_all(&self, limit: Duration) -> Result<Vec<Instant>> {
        let shows = self.wait(limit, |shows| shows.iter().all(Option::is_some))?;
        Ok(shows.into_iter().flatten().collect())
    }

    /// Waits until no page shows it.
    pub(super) fn wait_for_none(&self, limit: Duration) -> Result<()> {
        self.wait(limit, |shows| shows.iter().all(Option::is_none))
            .map(drop)
    }

    fn wait(
        &self,
        limit: Duration,
        reached: impl Fn(&[Option<Instant>]) -> bool,
    ) -> Result<Vec<Option<Instant>>> {
        let waits = |state: &mut State| state.failed.is_none() && !reached(&state.shows);
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock()?, limit, waits)
            .map_err(|_| anyhow::anyhow!("a page stopped"))?;
        if let Some(why) = &state.failed {
            anyhow::bail!("a page stopped: {why}");
        }
        let showing = state.shows.iter().flatten().count();
        ensure!(
            reached(&state.shows),
            "after {limit:?} {showing} of {} pages showed the banner",
            state.shows.len()
        );
        Ok(state.shows.clone())
    }

    fn saw(&self, page: usize, banner: bool, at: Instant) -> Result<()> {
        if let Some(shows) = self.lock()?.shows.get_mut(page) {
            *shows = banner.then(|| shows.unwrap_or(at));
        }
        self.changed.notify_all();
        Ok(())
    }

    fn failed(&self, why: &anyhow::Error) {
        if let Ok(mut state) = self.lock() {
            state.failed.get_or_insert(format!("{why:#}"));
        }
        self.changed.notify_all();
    }

    fn lock(&self) -> Result<MutexGuard<'_, State>> {
        self.state
            .lock()
            .map_err(|_| anyhow::anyhow!("a page stopped"))
    }
}

/// Opens page number `page` on `desk`, with a stream and a connection of its own. Shutting down what this gives closes it.
pub(super) fn open<'scope>(
    scope: &'scope Scope<'scope, '_>,
    board: &'scope Board,
    page: usize,
    desk: SocketAddr,
    cookie: &str,
) -> Result<TcpStream> {
    let events = Events::connect(desk, cookie)?;
    let closes = events.closes()?;
    let http = Http::connect(desk, &format!("{cookie}hx-request: true\r\n"))?;
    let (tell, told) = channel();
    scope.spawn(move || listen(events, &tell));
    scope.spawn(move || {
        if let Err(error) = stand(board, page, http, &told) {
            board.failed(&error);
        }
    });
    Ok(closes)
}

/// Closes pages.
pub(super) fn close(pages: &[TcpStream]) {
    for page in pages {
        // One that the desk closed is closed.
        let _ = page.shutdown(Shutdown::Both);
    }
}

/// Passes on what concerns the banner, until the stream ends.
fn listen(mut events: Events, tell: &Sender<()>) {
    while let Ok(name) = events.next() {
        if EVENTS.contains(&name.as_str()) && tell.send(()).is_err() {
            return;
        }
    }
}

/// Looks at the banner as often as the browser does, until nothing more can be heard.
fn stand(board: &Board, page: usize, mut http: Http, told: &Receiver<()>) -> Result<()> {
    while told.recv().is_ok() {
        loop {
            // What was heard so far is what this look answers.
            while told.try_recv().is_ok() {}
            let asked = Instant::now();
            http.expect("GET", "/crisis-banner", "", 200)
                .context("the banner")?;
            let banner = http.body.windows(BANNER.len()).any(|part| part == BANNER);
            board.saw(page, banner, Instant::now())?;
            std::thread::sleep(PAUSE.saturating_sub(asked.elapsed()));
            if told.try_recv().is_err() {
                break;
            }
        }
    }
    Ok(())
}
