use super::MemoryBudget;
use crate::ClientNetwork;

fn network(last: u8) -> ClientNetwork {
    ClientNetwork::of([192, 0, 2, last].into())
}

#[test]
fn bodies_are_bounded_together_and_given_back() {
    let budget = MemoryBudget::new(16).with_network_share(16);
    let (mut first, mut second) = (budget.reserve(), budget.clone().reserve());
    assert!(first.grow(8));
    assert!(!second.grow(5));
    assert!(second.grow(4));
    assert_eq!(budget.held(), 12);
    drop(first);
    assert_eq!(budget.held(), 4);
    assert!(second.grow(8));
    assert!(!second.grow(u64::MAX));
}

#[test]
fn a_network_may_hold_half_unless_it_is_said_otherwise() {
    let budget = MemoryBudget::new(101);
    assert_eq!((budget.limit(), budget.network_share()), (101, 51));
    let budget = budget.with_network_share(7);
    assert_eq!((budget.limit(), budget.network_share()), (101, 7));
}

#[test]
fn one_network_holds_its_share_and_no_more() {
    let budget = MemoryBudget::new(100).with_network_share(10);
    let (mut first, mut second) = (
        budget.reserve_for(Some(network(1))),
        budget.reserve_for(Some(network(1))),
    );
    assert!(first.grow(6));
    assert!(!second.grow(5));
    assert_eq!(budget.held(), 6, "what the share refused is not held");
    assert!(second.grow(4));
    assert!(budget.reserve_for(Some(network(2))).grow(10));
    drop(first);
    assert!(second.grow(6));
}

#[test]
fn clients_that_are_unknown_have_one_share_together() {
    let budget = MemoryBudget::new(100).with_network_share(10);
    let mut first = budget.reserve();
    assert!(first.grow(10));
    assert!(!budget.reserve().grow(1));
    assert!(budget.reserve_for(Some(network(1))).grow(10));
}

#[test]
fn strangers_leave_a_quarter_to_networks_that_are_known() {
    let budget = MemoryBudget::new(100).with_network_share(30);
    let mut sender = budget.reserve_for(Some(network(0)));
    assert!(sender.grow(1));
    sender.verified();
    assert_eq!(budget.held(), 0);

    let mut strangers: Vec<_> = (1..=50)
        .map(|n| budget.reserve_for(Some(network(n))))
        .collect();
    let taken = strangers
        .iter_mut()
        .map(|one| one.grow(5))
        .filter(|&taken| taken)
        .count();
    assert_eq!((taken, budget.held()), (15, 75));
    assert!(!budget.reserve_for(Some(network(60))).grow(1));
    assert!(budget.reserve_for(Some(network(0))).grow(25));
}

#[test]
fn a_client_without_a_network_is_never_known() {
    let budget = MemoryBudget::new(100);
    budget.reserve().verified();
    assert!(!budget.reserve().is_known);
}

#[test]
fn the_default_is_one_budget_for_the_process() {
    let mut share = MemoryBudget::default().reserve();
    assert!(share.grow(1));
    assert!(MemoryBudget::default().held() >= 1);
}
