//! Two ways beside each other, by how long they take.

use std::time::Duration;

/// How far apart the medians of two ways may be that must tell nothing.
const APART: Duration = Duration::from_millis(5);
/// Others use the machine too, and never make both ways alike: what is apart is apart each time.
const ATTEMPTS: usize = 5;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Shows that what is there takes as long as what is not. `ask` is asked for one of them and the number of the round, in turns,
/// and says how long it took.
pub async fn alike(what: &str, rounds: usize, mut ask: impl AsyncFnMut(bool, usize) -> Duration) {
    let mut seen = Vec::new();
    for attempt in 0..ATTEMPTS {
        let mut times = [Vec::new(), Vec::new()];
        for round in 0..rounds {
            for is_there in [round % 2 == 0, round % 2 != 0] {
                let took = ask(is_there, attempt * rounds + round).await;
                times[usize::from(is_there)].push(took);
            }
        }
        let [absent, known] = times.map(median);
        if known.abs_diff(absent) < APART {
            return;
        }
        seen.push((known, absent));
    }
    panic!("{what}: what is there and what is not take {seen:?}");
}
