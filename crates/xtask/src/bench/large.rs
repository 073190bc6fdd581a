//! The list of a queue in a far larger desk: what it costs must not grow with the desk's age.

use super::Options;
use super::client::Http;
use super::desk::{Desk, Store};
use super::figures::{Figure, Round, Target};
use super::measures::{list_of_a_queue, round};
use anyhow::Result;
use std::path::Path;

/// How much more the larger desk's list may cost.
const MOST: Target = Target::AtMost(1.3);
/// The list in the smaller desk, measured here by turns with the larger one's.
const SMALLER: &str = "list 50 of a queue, by turns";
/// The same in the larger one.
const LARGER: &str = "list 50 of a queue, large";
/// What of a round is held against another's.
type Cost = fn(&Round) -> f64;
const RATIOS: [(&str, Cost); 3] = [
    ("list 50, large: processor time", Round::cpu_each),
    ("list 50, large: p99", Round::p99),
    ("list 50, large: time an answer", |round| 1.0 / round.rate()),
];

/// Whether any of this is asked for.
pub fn is_wanted(options: &Options) -> bool {
    let ratios = RATIOS.iter().map(|(name, _)| *name);
    options.large > 0
        && ratios
            .chain([SMALLER, LARGER])
            .any(|name| options.wants(name))
}

/// Measures the list in both desks by turns, so that what else happens on the machine meets both.
pub fn measure(
    program: &Path,
    small: &Store,
    large: &Store,
    options: &Options,
) -> Result<Vec<Figure>> {
    let desks = [
        (small.start(program)?, small),
        (large.start(program)?, large),
    ];
    let mut pages = Vec::new();
    for (desk, store) in &desks {
        desk.settle()?;
        pages.push(list_of_a_queue(&mut Http::connect(
            desk.http,
            &store.keys.bearer,
        )?)?);
        // What a desk reads once is not counted.
        one_round(desk, store, &pages[pages.len() - 1], 1)?;
    }
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..options.rounds {
        for (at, (desk, store)) in desks.iter().enumerate() {
            rounds[at].push(one_round(desk, store, &pages[at], options.seconds)?);
        }
    }
    for (desk, _) in desks {
        desk.stop()?;
    }
    let [small, large] = rounds;
    let mut figures = vec![
        Figure::of(SMALLER, Target::None, &small),
        Figure::of(LARGER, Target::None, &large),
    ];
    for (name, cost) in RATIOS {
        let turns = large.iter().zip(&small);
        let ratios = turns.map(|(large, small)| cost(large) / cost(small));
        figures.push(Figure::ratio(name, MOST, ratios.collect()));
    }
    figures.retain(|figure| options.wants(figure.name()));
    Ok(figures)
}

fn one_round(desk: &Desk, store: &Store, page: &str, seconds: u64) -> Result<Round> {
    let connect = || Http::connect(desk.http, &store.keys.cookie);
    round(desk, seconds, connect, |http, _, _| {
        http.expect("GET", page, "", 200)
    })
}
