use std::collections::HashMap;

use proptest::prelude::*;

use super::Permits;
use crate::table::Fingerprint;

fn key(hash: u64) -> Fingerprint {
    Fingerprint::from_hash(hash)
}

#[test]
fn a_key_takes_at_most_19_bytes() {
    for capacity in [0, 8, 9, 1000, 65_536] {
        let permits = Permits::new(capacity);
        assert!(
            permits.bytes() <= 19 * (capacity / 8).max(1) * 8,
            "{capacity}"
        );
    }
}

#[test]
fn a_newcomer_in_a_full_set_shares_and_residents_never_notice() {
    let permits = Permits::new(8);
    for hash in 1..=8 {
        assert!(permits.acquire(key(hash), 3).is_some());
    }
    let strangers = (100..200).filter_map(|hash| permits.acquire(key(hash), 3));
    assert_eq!(strangers.count(), 3, "all newcomers share one count");
    for hash in 1..=8 {
        assert_eq!(permits.acquire(key(hash), 3).unwrap().1, 1);
    }
    assert_eq!(
        (permits.held(key(99)), permits.held(key(1))),
        ((3, true), (2, false))
    );
    assert_eq!(permits.in_use(), 8);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_key_has_more_than_its_limit_and_every_permit_comes_back(
        limit in 1_u64..5,
        steps in proptest::collection::vec((1_u64..20, any::<bool>(), any::<prop::sample::Index>()), 1..300),
    ) {
        let permits = Permits::new(8);
        let mut live: Vec<(u64, super::Ticket)> = Vec::new();
        for (hash, takes, which) in steps {
            if takes || live.is_empty() {
                let of_key = live.iter().filter(|(owner, _)| *owner == hash).count() as u64;
                if let Some((ticket, left)) = permits.acquire(key(hash), limit) {
                    prop_assert!(of_key < limit && left < limit - of_key);
                    live.push((hash, ticket));
                } else {
                    // With a place to be had, only the key's own permits can refuse it.
                    let owners: HashMap<_, _> = live.iter().copied().collect();
                    prop_assert!(of_key == limit || owners.len() > 8 || permits.held(key(hash)).0 >= limit);
                }
            } else {
                let (_, ticket) = live.swap_remove(which.index(live.len()));
                permits.release(ticket);
            }
        }
        for (_, ticket) in live {
            permits.release(ticket);
        }
        prop_assert_eq!(permits.in_use(), 0);
        for hash in 1..20 {
            prop_assert_eq!(permits.held(key(hash)), (0, false));
        }
    }

    #[test]
    fn eight_keys_or_fewer_get_exactly_their_limit(
        limit in 1_u64..5,
        steps in proptest::collection::vec((1_u64..9, any::<bool>(), any::<prop::sample::Index>()), 1..200),
    ) {
        let permits = Permits::new(8);
        let mut live: Vec<(u64, super::Ticket)> = Vec::new();
        for (hash, takes, which) in steps {
            if takes || live.is_empty() {
                let of_key = live.iter().filter(|(owner, _)| *owner == hash).count() as u64;
                let taken = permits.acquire(key(hash), limit);
                prop_assert_eq!(taken.map(|(_, left)| left), (limit - of_key).checked_sub(1));
                live.extend(taken.map(|(ticket, _)| (hash, ticket)));
            } else {
                permits.release(live.swap_remove(which.index(live.len())).1);
            }
        }
    }
}
