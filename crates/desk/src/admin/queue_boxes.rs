//! The boxes that say whose requests a role or a token reaches.

use super::form::{Field, Typed, Wrong};
use crate::context::Ctx;
use crate::error::DeskError;
use crate::orgs::{Clinic, Queue};
use crate::pages::layout::Page;
use crate::staff::Queues;
use std::collections::BTreeSet;

const ALL: &str = "all_queues";

fn input(queue: &Queue) -> String {
    format!("queue_{}", queue.code)
}

/// One box for all queues, and one for each that the reader reaches themselves: nobody hands on more than they have.
pub fn boxes(page: &Page, chosen: &Queues) -> Result<Vec<Field>, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let heading = t.text("admin-queues-reached");
    let mut fields = Vec::new();
    if page.ctx.reach().queues == Queues::All || *chosen == Queues::All {
        let all = Field::check(ALL, t.text("admin-queues-all"), *chosen == Queues::All);
        fields.push(all.help(t.text("admin-queues-all-help")));
    }
    let own = clinic
        .queues
        .iter()
        .filter(|queue| page.ctx.reaches(queue.id));
    fields.extend(own.map(|queue| {
        let on = *chosen != Queues::All && chosen.has(queue.id);
        Field::check(input(queue), queue.names.in_locale(t.locale), on)
    }));
    let mut fields: Vec<Field> = fields.into_iter().map(|field| field.of(heading)).collect();
    if let Some(first) = fields.first_mut() {
        *first = first.clone().begins();
    }
    Ok(fields)
}

/// What was ticked. Queues of `old` that stand on no page any more, or that the reader doesn't reach, stay.
pub fn read(clinic: &Clinic, ctx: &Ctx, typed: &Typed, old: &Queues) -> Result<Queues, Wrong> {
    if typed.ticked(ALL) {
        return Ok(Queues::All);
    }
    let own = clinic.queues.iter().filter(|queue| ctx.reaches(queue.id));
    let offered: Vec<&Queue> = own.collect();
    let ticked = offered.iter().filter(|queue| typed.ticked(&input(queue)));
    let mut some: BTreeSet<_> = ticked.map(|queue| queue.id).collect();
    if some.is_empty() {
        return Err(Wrong::at(ALL, "admin-error-queues"));
    }
    if let Queues::Only(before) = old {
        let kept = before
            .iter()
            .filter(|id| !offered.iter().any(|queue| queue.id == **id));
        some.extend(kept);
    }
    Ok(Queues::Only(some))
}
