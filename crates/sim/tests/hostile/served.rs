//! Others are served while attacks go on.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::attacks::ALL;
use crate::rig::{Rig, Witness};

/// Two of them at a time, each attack until others were served often enough.
#[test]
fn others_are_served_while_attacks_go_on() {
    let rig = Rig::start();
    let mut witness = Witness::new(&rig);
    for (name, attack) in ALL {
        let (stop, rounds) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            let attackers = [0, 1].map(|first| {
                let (rig, stop, rounds) = (&rig, &stop, &rounds);
                scope.spawn(move || {
                    let mut round = first;
                    while !stop.load(Ordering::Acquire) {
                        attack(&rig.endpoint(), round);
                        round += 2;
                        rounds.fetch_add(1, Ordering::AcqRel);
                    }
                })
            });
            let mut served = 0;
            while served < 100 || rounds.load(Ordering::Acquire) < 20 {
                witness.is_served();
                served += 1;
                assert!(attackers.iter().all(|attacker| !attacker.is_finished()));
            }
            stop.store(true, Ordering::Release);
        });
        println!("{name}: {} rounds", rounds.into_inner());
        rig.wait_for_the_end_of_others(Witness::CONNECTIONS);
    }
    witness.is_served();
}
