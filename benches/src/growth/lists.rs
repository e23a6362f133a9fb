use std::{
    hint::black_box,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::IpNet;
use webhook_layers::ip::AddressSet;

use super::{
    Chart,
    chart::{Subject, curve},
};
use crate::stack::BoxError;

const SIZES: [u32; 4] = [10, 1_000, 10_000, 100_000];

/// How many addresses are asked for in turn: more than a branch predictor learns by heart.
const ADDRESSES: u32 = 4096;

/// Networks of both families that do not touch, as many of each.
struct Networks {
    texts: Vec<String>,
    asked: [Vec<IpAddr>; 4],
}

impl Networks {
    fn new(count: u32) -> Self {
        let half = count.div_ceil(2);
        let four = |number: u32| Ipv4Addr::from_bits(0x0B00_0000 + number * 512);
        let six = |number: u32| Ipv6Addr::from_bits((0x2A00 << 112) + (u128::from(number) << 81));
        let texts = (0..half)
            .flat_map(|number| {
                [
                    format!("{}/24", four(number)),
                    format!("{}/48", six(number)),
                ]
            })
            .collect();
        // Steps of a prime, so that neighbours are not asked for in a row.
        let numbers = || (0..ADDRESSES).map(move |turn| (turn.wrapping_mul(7919)) % half);
        let in_four = |inside: bool| {
            let offset = if inside { 7 } else { 263 };
            numbers()
                .map(|number| Ipv4Addr::from_bits(four(number).to_bits() + offset).into())
                .collect()
        };
        let in_six = |inside: bool| {
            let offset = u128::from(!inside) << 80 | 7;
            numbers()
                .map(|number| Ipv6Addr::from_bits(six(number).to_bits() + offset).into())
                .collect()
        };
        Self {
            texts,
            asked: [in_four(true), in_four(false), in_six(true), in_six(false)],
        }
    }
}

pub(super) fn chart(rounds: usize) -> Result<Chart, BoxError> {
    let mut curves = Vec::new();
    for (kind, name) in [
        "IPv4, listed",
        "IPv4, not listed",
        "IPv6, listed",
        "IPv6, not listed",
    ]
    .into_iter()
    .enumerate()
    {
        let subjects = SIZES.map(|size| ours(size, kind, kind % 2 == 0));
        let subjects: Result<Vec<_>, BoxError> = subjects.into_iter().collect();
        curves.push(curve(name, rounds, |_| 20_000, subjects?));
    }
    let subjects = SIZES.map(linear);
    let subjects: Result<Vec<_>, BoxError> = subjects.into_iter().collect();
    let operations = |size| (2_000_000 / size as usize).clamp(20, 20_000);
    curves.push(curve(
        "a list of `ipnet`, IPv6 not listed",
        rounds.min(5),
        operations,
        subjects?,
    ));
    Ok(Chart {
        name: "lists".into(),
        title: "One look-up of an address".into(),
        sizes: "networks".into(),
        note: None,
        curves,
    })
}

fn ours(size: u32, kind: usize, is_listed: bool) -> Result<Subject<impl FnMut(usize)>, BoxError> {
    let Networks { texts, asked } = Networks::new(size);
    let set = AddressSet::parse(&texts)?;
    let asked = asked.into_iter().nth(kind).unwrap_or_default();
    if asked
        .iter()
        .any(|&address| set.contains(address) != is_listed)
    {
        return Err("the list does not hold what it should".into());
    }
    Ok(Subject::new(size, move |number| {
        if let Some(&address) = asked.get(number % asked.len()) {
            black_box(set.contains(black_box(address)));
        }
    }))
}

/// What people write: every network in turn.
fn linear(size: u32) -> Result<Subject<impl FnMut(usize)>, BoxError> {
    let Networks { texts, asked } = Networks::new(size);
    let networks: Result<Vec<IpNet>, _> = texts.iter().map(|text| text.parse()).collect();
    let networks = networks?;
    let [.., asked] = asked;
    Ok(Subject::new(size, move |number| {
        if let Some(address) = asked.get(number % asked.len()) {
            let address = black_box(address);
            black_box(networks.iter().any(|network| network.contains(address)));
        }
    }))
}
