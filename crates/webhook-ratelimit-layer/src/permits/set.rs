/// How many places a set has.
pub(super) const WAYS: usize = 8;

/// The number of the count that keys without a place share.
const SHARED: u8 = 8;

/// Eight places, and what the others share.
#[derive(Debug, Default)]
pub(super) struct Set {
    places: [Place; WAYS],
    shared: u32,
}

#[derive(Debug, Default)]
struct Place {
    key: u64,
    permits: u32,
    /// At most so many of the shared permits are this key's, from before it had the place.
    elsewhere: u32,
}

impl Set {
    /// Takes a permit: from which count, and how many the key has left.
    pub(super) fn acquire(&mut self, key: u64, limit: u64) -> Option<(u8, u64)> {
        let Some((number, place)) = self.place_for(key) else {
            let left = left(self.shared, limit)?;
            self.shared = self.shared.checked_add(1)?;
            return Some((SHARED, left));
        };
        let shared = self.shared;
        let place = self.places.get_mut(place)?;
        if place.permits == 0 {
            (place.key, place.elsewhere) = (key, shared);
        }
        // As shared permits are given back, fewer of them can be this key's.
        place.elsewhere = place.elsewhere.min(shared);
        let left = left(place.permits.saturating_add(place.elsewhere), limit)?;
        place.permits = place.permits.checked_add(1)?;
        Some((number, left))
    }

    pub(super) fn release(&mut self, number: u8) {
        let permits = match self.places.get_mut(usize::from(number)) {
            Some(place) => &mut place.permits,
            None => &mut self.shared,
        };
        *permits = permits.saturating_sub(1);
        let shared = self.shared;
        for place in &mut self.places {
            place.elsewhere = place.elsewhere.min(shared);
        }
    }

    /// How many permits count for the key, and whether it shares them.
    pub(super) fn held(&self, key: u64) -> (u64, bool) {
        let own = self.places.iter().find(|place| place.is_of(key));
        match own {
            Some(place) => (u64::from(place.permits) + u64::from(place.elsewhere), false),
            None => (self.shared.into(), self.shared > 0),
        }
    }

    pub(super) fn in_use(&self) -> usize {
        self.places.iter().filter(|place| place.permits > 0).count()
    }

    /// The key's place, else one that is free.
    fn place_for(&self, key: u64) -> Option<(u8, usize)> {
        let places = || (0_u8..).zip(self.places.iter().enumerate());
        places()
            .find(|(_, (_, place))| place.is_of(key))
            .or_else(|| places().find(|(_, (_, place))| place.permits == 0))
            .map(|(number, (index, _))| (number, index))
    }
}

impl Place {
    const fn is_of(&self, key: u64) -> bool {
        self.permits > 0 && self.key == key
    }
}

/// How many are left of `limit` once one more is taken; `None` where none is.
fn left(taken: u32, limit: u64) -> Option<u64> {
    limit.checked_sub(u64::from(taken))?.checked_sub(1)
}
