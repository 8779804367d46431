//! The rules hold in random histories of joins, leaves, crashes, partitions, merges and locks.
//!
//! `QUORATE_NCS_HISTORIES` sets how many; see `cluster.rs` for what can happen in one and
//! `world.rs`, `checks.rs` for what must hold.

mod checks;
mod cluster;
mod ends;
mod happenings;
mod program;
mod rings;
mod spent;
mod world;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use world::{Op, World};

fn histories() -> u32 {
    std::env::var("QUORATE_NCS_HISTORIES").map_or(2500, |count| count.parse().expect("a number"))
}

fn op() -> impl Strategy<Value = Op> {
    let (which, key) = (any::<u8>(), 0..3_u8);
    prop_oneof![
        30 => (any::<u64>(), 1..25_u8).prop_map(|(seed, steps)| Op::Run { seed, steps }),
        18 => which.prop_map(Op::Start),
        3 => which.prop_map(Op::Crash),
        3 => which.prop_map(Op::Exit),
        4 => which.prop_map(Op::Register),
        3 => (which, which).prop_map(|(p, h)| Op::Deregister(p, h)),
        16 => (which, which, key.clone()).prop_map(|(p, h, k)| Op::Lock(p, h, k)),
        8 => (which, which, key.clone()).prop_map(|(p, h, k)| Op::TryLock(p, h, k)),
        12 => (which, which, key).prop_map(|(p, h, k)| Op::Unlock(p, h, k)),
        5 => (which, which).prop_map(|(p, nth)| Op::Withdraw(p, nth)),
        6 => (any::<u32>(), any::<u64>()).prop_map(|(mask, keeper)| Op::Split(mask, keeper)),
        4 => Just(Op::Heal),
        10 => (which, prop_oneof![4 => Just(0), 1 => any::<u32>()])
            .prop_map(|(n, missed)| Op::Reform(n, missed)),
        2 => (which, any::<bool>()).prop_map(|(n, kill)| Op::Stop(n, kill)),
        3 => which.prop_map(Op::Boot),
        2 => which.prop_map(Op::Announce),
        1 => which.prop_map(Op::Blip),
        2 => which.prop_map(Op::Nudge),
        3 => Just(Op::Settle),
    ]
}

#[test]
fn the_rules_hold_in_random_histories() {
    let config = Config {
        cases: histories(),
        failure_persistence: None,
        ..Config::default()
    };
    let nodes_and_ops = (2..6_u32, any::<u64>(), prop::collection::vec(op(), 20..120));
    let mut runner = TestRunner::new(config);
    let tally = std::cell::RefCell::new(checks::Tally::default());
    let result = runner.run(&nodes_and_ops, |(nodes, seed, ops)| {
        let mut world = World::new(nodes, seed);
        for op in ops {
            world.step(op);
        }
        world.finish();
        tally.borrow_mut().add(&world.tally);
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, history)) => panic!("{reason} in the history {history:?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    let tally = tally.into_inner();
    println!("{tally:?}");
    tally.assert_something_happened();
}
