//! Any row of messages and of what earlier ones left behind: the risk stays between nothing and certain, no level is lowered,
//! and what is recalled comes to what was taken in. Each message is ten bytes: what it is, its risk, the days since.
#![no_main]

#[path = "../clinic.rs"]
mod clinic;

use bedside_language::{Channel, Engine, History, Level, Message, Safety, SafetyKind, Trace};
use std::sync::LazyLock;

/// What the engine says of a word that says nothing.
static SAFETY: LazyLock<Safety> = LazyLock::new(|| {
    let engine = Engine::load(&clinic::files(), None).unwrap();
    let message = Message {
        channel: Channel::Email,
        subject: "",
        body: "Hello",
        hint_language: None,
    };
    engine.triage(&message).safety
});

const LEVELS: [Level; 3] = [Level::None, Level::Concern, Level::Emergency];

fn number(bytes: &[u8]) -> f32 {
    f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (mut history, mut again) = (History::default(), History::default());
    for turn in bytes.chunks_exact(10).take(200) {
        let level = LEVELS[usize::from(turn[0]) % LEVELS.len()];
        let kind = SafetyKind::ALL.get(usize::from(turn[1] >> 1)).copied();
        let (risk, days) = (number(&turn[2..]), number(&turn[6..]));
        let trace = if turn[1] & 1 == 0 {
            let mut safety = SAFETY.clone();
            safety.level = level;
            safety.kind = kind.filter(|_| level > Level::None);
            safety.risk = risk;
            let seen = history.take(&safety, days);
            assert!(seen.trace.level >= level);
            assert!(seen.raised_by_history == (seen.trace.level > level));
            assert!((0.0..=1.0).contains(&seen.trace.risk), "{seen:?}");
            seen.trace
        } else {
            let trace = Trace { level, kind, risk };
            history.recall(trace, days);
            trace
        };
        again.recall(trace, days);
        assert!((0.0..=1.0).contains(&history.risk), "{history:?}");
        assert!(history.peak_age >= 0.0);
        assert_eq!(history, again);
    }
});
