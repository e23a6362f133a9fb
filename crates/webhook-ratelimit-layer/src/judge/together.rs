use std::{array, sync::Arc};

use super::{Judge, Judgement, MAX_QUOTAS, Passage, Refusal};
use crate::{
    meter::Shortage,
    rule::{Ask, Obstacle, Seen, Taken},
    table::Held,
};

/// One of the quotas that a request is charged to.
struct Part<'a> {
    index: usize,
    ask: Ask<'a>,
    lock: Option<Held<'a>>,
    taken: Option<Taken>,
}

type Parts<'a> = [Option<Part<'a>>; MAX_QUOTAS];

/// The quota that keeps the request waiting for longest, of those that refuse it.
type Worst = Option<(Shortage, usize)>;

fn see(worst: &mut Worst, index: usize, shortage: Shortage) {
    if worst.is_none_or(|(longest, _)| shortage > longest) {
        *worst = Some((shortage, index));
    }
}

impl Judge {
    /// Several quotas: all are charged, or none.
    ///
    /// A look without locks comes first, so that a flood that one quota refuses takes no lock. Then
    /// the key's set in each table is locked, always in the same order, and all quotas are asked:
    /// only where every one agrees is any charged.
    #[inline(never)]
    pub(super) fn judge_together(self: &Arc<Self>, seen: &Seen<'_>) -> Judgement {
        let mut passage = Passage::default();
        let judged = self.parts(seen).and_then(|mut parts| {
            look(&parts, seen)?;
            for part in parts.iter_mut().flatten() {
                part.lock = part.ask.hold();
            }
            self.agree(&mut parts, seen)?;
            self.acquire(&mut parts, &mut passage, seen)?;
            charge(&mut parts, seen)?;
            Ok(parts)
        });
        let parts = judged.map_err(|(index, obstacle)| Refusal::new(index, obstacle, seen))?;
        for part in parts.iter().flatten() {
            if let Some(taken) = part.taken {
                self.admit(&mut passage, part.index, &part.ask, taken, seen);
            }
        }
        self.watch(&mut passage, seen);
        Ok(passage)
    }

    /// What each quota takes. One in shadow mode that cannot be asked is left out.
    fn parts(&self, seen: &Seen<'_>) -> Result<Parts<'_>, (usize, Obstacle)> {
        let mut parts = array::from_fn(|_| None);
        for ((index, rule), slot) in self.rules.iter().enumerate().zip(&mut parts) {
            match rule.ask_apart(seen, self) {
                Ok(ask) => {
                    *slot = Some(Part {
                        index,
                        ask,
                        lock: None,
                        taken: None,
                    });
                }
                Err(obstacle) if rule.is_shadow => {
                    Refusal::new(index, obstacle, seen).note_shadow(self, seen.facts);
                }
                Err(obstacle) => return Err((index, obstacle)),
            }
        }
        Ok(parts)
    }

    /// Whether all buckets have enough, under their locks. One in shadow mode that has not is left
    /// out, and not charged.
    fn agree(&self, parts: &mut Parts<'_>, seen: &Seen<'_>) -> Result<(), (usize, Obstacle)> {
        let mut worst = None;
        for slot in parts {
            let Some((part, lock)) = slot
                .as_ref()
                .and_then(|part| Some((part, part.lock.as_ref()?)))
            else {
                continue;
            };
            let level = lock.level(seen.now.ticks);
            match part.ask.would_charge(level, seen.now) {
                Ok(()) => {}
                Err(shortage) if part.ask.rule.is_shadow => {
                    let refusal = Refusal::new(part.index, Obstacle::Short(shortage), seen);
                    refusal.note_shadow(self, seen.facts);
                    *slot = None;
                }
                Err(shortage) => see(&mut worst, part.index, shortage),
            }
        }
        refused(worst)
    }

    /// Takes the permits. The passage gives them back where a later one is missing.
    fn acquire(
        self: &Arc<Self>,
        parts: &mut Parts<'_>,
        passage: &mut Passage,
        seen: &Seen<'_>,
    ) -> Result<(), (usize, Obstacle)> {
        for slot in parts {
            let Some(part) = slot.as_mut().filter(|part| part.ask.is_for_permits()) else {
                continue;
            };
            match part.ask.acquire() {
                Ok(taken) => {
                    part.taken = Some(taken);
                    if let Taken::Permit(ticket, _) = taken {
                        passage.keep(self, part.index, ticket);
                    }
                }
                Err(shortage) if part.ask.rule.is_shadow => {
                    let refusal = Refusal::new(part.index, Obstacle::Short(shortage), seen);
                    refusal.note_shadow(self, seen.facts);
                    *slot = None;
                }
                Err(shortage) => return Err((part.index, Obstacle::Short(shortage))),
            }
        }
        Ok(())
    }
}

fn refused(worst: Worst) -> Result<(), (usize, Obstacle)> {
    worst.map_or(Ok(()), |(shortage, index)| {
        Err((index, Obstacle::Short(shortage)))
    })
}

/// Whether a quota in force refuses the request, as far as can be told without locks.
fn look(parts: &Parts<'_>, seen: &Seen<'_>) -> Result<(), (usize, Obstacle)> {
    let mut worst = None;
    for part in parts
        .iter()
        .flatten()
        .filter(|part| !part.ask.rule.is_shadow)
    {
        if let Err(shortage) = part.ask.look(seen.now) {
            see(&mut worst, part.index, shortage);
        }
    }
    refused(worst)
}

/// Charges the buckets that have agreed. Their locks are held since, so that none refuses now.
fn charge(parts: &mut Parts<'_>, seen: &Seen<'_>) -> Result<(), (usize, Obstacle)> {
    for part in parts.iter_mut().flatten() {
        let charged = match part.lock.take() {
            Some(mut held) => part.ask.charge_held(&mut held, seen.now),
            None if part.ask.is_for_permits() => continue,
            // There is always a lock. If there were none, nobody passes.
            None => Err(Shortage::Never),
        };
        let taken = charged.map_err(|shortage| (part.index, Obstacle::Short(shortage)))?;
        part.taken = Some(taken);
    }
    Ok(())
}
