//! A flood of forms in somebody else's name.

use crate::common::sink::sink;
use crate::common::{Engine, both_engines, hidden};
use crate::send;
use bedside_desk::jobs;
use bedside_desk::public::caps::PER_ADDRESS;

both_engines! {
    /// 5,000 requests in one victim's name within a day, from as many networks: one acknowledgement, and no word in it that the
    /// sender chose.
    async fn attack_03_the_form_as_a_mail_bomb(desk: Desk) {
        const VICTIM: &str = "victim@elsewhere.test";
        let many: u32 = if desk.engine == Engine::Sqlite { 5_000 } else { 500 };
        let between = i64::from(85_000 / many);
        let sink = sink(&desk).await;
        let (mut pass, mut taken, mut mails) = (String::new(), 0, Vec::new());
        for number in 0..many {
            let mut sender = desk.visitor();
            sender.from = Some(std::net::Ipv4Addr::from(0x0b00_0000 + number).into());
            if number % (many / 25) == 0 {
                let page = sender.get("/request?lang=en").await.expect(200).text();
                hidden(&page, "pass").clone_into(&mut pass);
                jobs::drain(&desk.app).await.unwrap();
                mails.extend(sink.take());
            }
            desk.clock.advance(between);
            let words = format!("BUYNOW http://spamvertised.test/{number}");
            let fields = [
                ("pass", pass.as_str()), ("lang", "en"), ("category", ""), ("name", "BUYNOW at spamvertised"), ("email", VICTIM),
                ("message", &words), ("company", ""),
            ];
            let answer = sender.post_files("/request", &fields, &[]).await;
            assert!(matches!(answer.status, 303 | 429), "{}: {}", answer.status, answer.text());
            taken += u32::from(answer.status == 303);
        }
        // An address has so many in an hour, whoever sends them, and every hour of the day takes some.
        assert!((24..=PER_ADDRESS * 25).contains(&taken), "{taken} were taken");
        jobs::drain(&desk.app).await.unwrap();
        mails.extend(sink.take());
        let to_victim: Vec<_> = mails.iter().filter(|one| one.to == [format!("<{VICTIM}>")]).collect();
        let [one] = to_victim.as_slice() else { panic!("{} acknowledgements", to_victim.len()) };
        assert!(one.from.starts_with("<>"), "nothing answers it");
        for mail in &mails {
            let all = format!("{}\n{}\n{}", mail.head(), mail.text(), mail.mail().html.unwrap_or_default()).to_lowercase();
            assert!(!all.contains("buynow") && !all.contains("spamvertised"), "{all}");
        }
        // The next day may bring the next one.
        desk.clock.advance(24 * 3600);
        let fresh = [("name", "Vic Tim"), ("email", VICTIM), ("message", "When are you open?"), ("lang", "en"), ("company", "")];
        send(&desk, &desk.visitor(), &fresh, &[]).await.expect(303);
        jobs::drain(&desk.app).await.unwrap();
        assert_eq!(sink.take().iter().filter(|one| one.to == [format!("<{VICTIM}>")]).count(), 1);
    }
}
