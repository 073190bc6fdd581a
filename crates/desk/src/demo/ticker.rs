//! Brings a new request every half minute or so, by mail, as long as the demo runs.

use super::letter::Letter;
use super::pages::PostOffice;
use super::people;
use super::random::Chance;
use super::script::{Words, script};
use crate::app::App;
use std::time::Duration;
use tokio::sync::watch;

/// Requests after which it is enough, so that a demo left running for days stays a pleasant size.
const ENOUGH: usize = 2000;

/// Writes as invented patients until `stop`; `pause` waits between two of them.
pub(super) async fn run<P, W>(
    app: App,
    post: PostOffice,
    patients: usize,
    mut stop: watch::Receiver<bool>,
    pause: P,
) where
    P: Fn(Duration) -> W,
    W: Future<Output = ()>,
{
    let people = people::people(&mut Chance::new(super::history::SEED), patients);
    let mut chance = Chance::new(app.now().micros().unsigned_abs());
    for _ in 0..ENOUGH {
        let a_while = Duration::from_secs(chance.between(20, 41).unsigned_abs());
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = pause(a_while) => {}
        }
        let count = people.len().max(1) as u64;
        let Some(person) = people.get(usize::try_from(chance.next() % count).unwrap_or(0)) else {
            return;
        };
        let script = script(person.locale);
        let crisis = chance.between(0, 60) == 0;
        let story = script.story(&mut chance, crisis);
        let words = Words::new(script, &mut chance, &person.name);
        let subject = words.fill(chance.pick(&story.subjects), "");
        let picked = chance.pick(&story.bodies).to_owned();
        let body = words.fill(&script.letter(&mut chance, &picked), "");
        let letter = Letter {
            name: &person.name,
            from: &person.email,
            to: super::MAILBOX,
            subject: &subject,
            body: &body,
            references: &[],
            id: &bedside_vault::secret::random_token(),
            at: app.now(),
        };
        if let Err(error) = post.send(&letter).await {
            tracing::warn!(%error, "an invented request could not be sent");
        }
    }
}
