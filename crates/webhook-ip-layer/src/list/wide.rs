use super::ranges::Ranges;

/// Sorted ranges of 128-bit values.
///
/// The upper halves stand alone and are searched first: comparing 64 bits takes no branch, so that the
/// processor has nothing to guess. Among 5 000 ranges that takes a fifth to a ninth of the time that
/// the search of whole values takes.
#[derive(Clone, Debug, Default)]
pub(super) struct WideRanges {
    upper: Box<[u64]>,
    ranges: Ranges<u128>,
}

impl WideRanges {
    /// Ranges of `(first, last)` in any order, with overlaps.
    pub(super) fn new(ranges: Vec<(u128, u128)>) -> Self {
        let ranges = Ranges::new(ranges);
        Self {
            upper: ranges.first().iter().copied().map(upper).collect(),
            ranges,
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.upper) + self.ranges.heap_bytes()
    }

    pub(super) fn contains(&self, value: u128) -> bool {
        let wanted = upper(value);
        let reached = self.upper.partition_point(|upper| *upper <= wanted);
        // Which of those that begin in the value's own /64 begin after it is another search, and needed
        // only where the last one does.
        let begins_after = reached.checked_sub(1).is_some_and(|place| {
            let begins_alike = self.upper.get(place).is_some_and(|upper| *upper == wanted);
            let first = self.ranges.first().get(place);
            begins_alike && first.is_some_and(|first| *first > value)
        });
        let reached = if begins_after {
            self.among_alike(reached, value)
        } else {
            reached
        };
        self.ranges.is_within(reached, value)
    }

    /// How many ranges begin at or before the value, where some of these many begin in its /64.
    fn among_alike(&self, reached: usize, value: u128) -> usize {
        let wanted = upper(value);
        let start = self.upper.partition_point(|upper| *upper < wanted);
        let alike = self.ranges.first().get(start..reached).unwrap_or_default();
        start + alike.partition_point(|first| *first <= value)
    }
}

fn upper(value: u128) -> u64 {
    // The upper half of 128 bits has 64.
    #[allow(clippy::cast_possible_truncation)]
    let upper = (value >> 64) as u64;
    upper
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::any, prop_assert_eq, proptest};

    use super::WideRanges;

    proptest! {
        // Few upper halves and few lower ones, so that ranges meet in one /64 and touch.
        #[test]
        fn a_value_is_found_where_a_range_holds_it(
            ranges in vec((0..4_u128, 0..8_u128, 0..4_u128, 0..8_u128), 0..20),
            (upper, lower) in (0..5_u128, 0..9_u128),
            spread in any::<bool>(),
        ) {
            let at = |upper: u128, lower: u128| {
                (upper << 64) | if spread { lower << 60 } else { lower }
            };
            let ranges: Vec<_> = ranges
                .into_iter()
                .map(|(upper, lower, more, wider)| {
                    let first = at(upper, lower);
                    (first, first + at(more, wider) % (1 << 66))
                })
                .collect();
            let value = at(upper, lower);
            let expected = ranges.iter().any(|&(first, last)| (first..=last).contains(&value));
            prop_assert_eq!(WideRanges::new(ranges).contains(value), expected);
        }
    }
}
