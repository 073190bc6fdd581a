//! What an agent's caller could learn by how long a comparison takes.

use super::common::both_engines;
use super::common::medians::alike;
use super::*;
use std::time::Instant;

both_engines! {
    async fn attack_10_a_wrong_detail_takes_as_long_as_a_person_who_is_not_on_file(desk: Desk) {
        patient(&desk, 40).await;
        let mut said = std::collections::BTreeSet::new();
        alike("who somebody says they are", 20, async |is_there, round| {
            // So few wrong answers in a day that nothing is locked.
            desk.clock.advance(DAY);
            let kind = if is_there { "one" } else { "other" };
            let talk = Talk::with(&desk, &format!("{kind}{round}@else.test")).await;
            let token = common::csrf_token(&talk.seen().await);
            let name = if is_there { NAME } else { "Nobody Atall" };
            let fields = [
                ("csrf_token", token.as_str()), ("name", name), ("birth_date", BORN), ("factor", "phone"), ("value", "+1 312 555 0100"),
            ];
            let started = Instant::now();
            let answer = talk.agent.post(&format!("{}/details", talk.verify()), &fields).await;
            let took = started.elapsed();
            let page = match answer.header("location") {
                Some(to) => talk.agent.get(to).await.expect(200).text(),
                None => answer.text(),
            };
            tells_no_address(&page);
            said.insert((answer.status, page.contains("Level 1"), page.contains("That matches.")));
            took
        }).await;
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said.iter().all(|(_, level, matches)| !level && !matches), "{said:?}");
    }
}
