//! Incidents that may be breaches: their list, the form of what is known, the page of one with everything that is to be done,
//! and its letters.

mod acts;
mod facts;
mod letters;
mod list;
mod show;

use crate::context::Permission;
use crate::privacy::breaches::{Conclusion, Duty, State};
use crate::router::{Access, Route};

const LIST: &str = "/privacy/breaches";

pub fn routes() -> Vec<Route> {
    let may = Access::Staff(Permission::PrivacyManage);
    [
        vec![
            Route::get(LIST, may, list::list),
            Route::get("/privacy/breaches/{breach}", may, show::show),
        ],
        facts::routes(may),
        acts::routes(may),
        letters::routes(may),
    ]
    .concat()
}

/// Text key of where an incident stands.
const fn state_key(state: State) -> &'static str {
    match state {
        State::Open => "breach-state-open",
        State::Assessed => "breach-state-assessed",
        State::Decided => "breach-state-decided",
        State::Closed => "breach-state-closed",
    }
}

/// Text key of what an incident is.
const fn conclusion_key(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Breach => "breach-is-breach",
        Conclusion::LowProbability => "breach-is-low",
        Conclusion::Exception => "breach-is-exception",
    }
}

/// Text key of who is to be told.
const fn duty_key(duty: Duty) -> &'static str {
    match duty {
        Duty::People => "breach-duty-people",
        Duty::Authority => "breach-duty-authority",
        Duty::Media => "breach-duty-media",
        Duty::Client => "breach-duty-client",
    }
}
