use std::{
    thread,
    time::{Duration, Instant},
};

const PAUSE: Duration = Duration::from_millis(5);

/// What a test waited for did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("waited {0:?} in vain")]
pub struct TimedOut(pub Duration);

/// Polls `condition` until it holds, for at most `limit`.
pub fn wait_until(mut condition: impl FnMut() -> bool, limit: Duration) -> Result<(), TimedOut> {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > limit {
            return Err(TimedOut(limit));
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Polls an asynchronous `condition` until it holds, for at most `limit`.
///
/// A condition that never comes back is given up at the limit too.
pub async fn wait_until_async(
    mut condition: impl AsyncFnMut() -> bool,
    limit: Duration,
) -> Result<(), TimedOut> {
    let polling = async {
        while !condition().await {
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(limit, polling)
        .await
        .map_err(|_| TimedOut(limit))
}
